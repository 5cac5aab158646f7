#include "tool/verbs/span_options.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>

#include "arena_shm/error.hpp"
#include "terminal/quantity_options.hpp"

namespace arena_shm::tool {

namespace {

constexpr char kSeqMark = '#';  // in front of a sequence number, where a time could stand

terminal::Check seq_or_moment() {
  return {[](std::string& text) -> std::string {
    std::string seq = text;
    std::string time = text;  // 30m is one, as everywhere else
    const bool is_number = terminal::count().read(seq).empty();
    const bool is_time = terminal::moment().read(time).empty();
    const bool has_digits_only = text.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number && !is_time) {
      return "expected a sequence number, or a time like 2026-01-31T12:34:56Z or 10s (ago), found '" + text + "'";
    }
    text = is_number && (has_digits_only || !is_time) ? kSeqMark + seq : time;
    return "";
  }};
}

// What terminal::duration leaves: seconds with nine digits behind the point.
std::int64_t nanoseconds_of(std::string seconds) {
  std::erase(seconds, '.');
  return std::stoll(seconds);
}

}  // namespace

SpanOptions add_span_options(const terminal::Command& verb, recording::TimeSpan& span,
                             std::optional<std::uint64_t>* until_seq, bool follows) {
  using std::chrono::nanoseconds;
  terminal::Option since =
      verb.add_option(
              "--since", [&span](const std::string& text) { span.since_ns = std::stoll(text); },
              "Begin with the first value from this time on, like 2026-01-31T12:34:56Z, or 10s or 5m ago")
          .type_name("WHEN")
          .check(terminal::moment());
  terminal::Option last =
      verb.add_option(
              "--last", [&span](const std::string& text) { span.last_ns = nanoseconds_of(text); },
              "Begin so long before the newest value that is there, like 2s or 5m")
          .type_name("TIME")
          .check(terminal::duration(nanoseconds(1), nanoseconds::max(), terminal::BareNumber::is_refused))
          .excludes(since);
  terminal::Option until =
      verb.add_option(
              "--until",
              [&span, until_seq](const std::string& text) {
                if (until_seq != nullptr && text.front() == kSeqMark)
                  *until_seq = std::stoull(text.substr(1));
                else
                  span.until_ns = std::stoll(text);
              },
              until_seq != nullptr
                  ? "Stop after this sequence number, or leave out what is later than this time; who follows ends at "
                    "the first later one"
              : follows
                  ? "Leave out values that are later than this time, as in --since; who follows ends at the first one"
                  : "Leave out values that are later than this time, as in --since")
          .type_name(until_seq != nullptr ? "SEQ|WHEN" : "WHEN")
          .check(until_seq != nullptr ? seq_or_moment() : terminal::moment());
  return {since, last, until};
}

void require_file(const std::string& path) {
  std::error_code ignored;
  if (path != "-" && std::filesystem::is_regular_file(path, ignored)) return;
  throw Error(Code::invalid_argument, {.name = path,
                                       .doing = "find the last values of",
                                       .expected = "a file, which can be read twice",
                                       .found = "standard input, a pipe or a device",
                                       .remedy = "save the input in a file first, or use --since"});
}

}  // namespace arena_shm::tool
