#include "terminal/quantity_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "text/quantity_input.hpp"
#include "text/time_text.hpp"

namespace arena_shm::terminal {

namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t kSecond = 1'000'000'000;

/// Replaces the text by what `read` makes of it, or tells what it expected.
Check reading(std::function<std::optional<std::string>(std::string_view)> read, std::string expected) {
  return Read([read = std::move(read), expected = std::move(expected)](std::string& text) -> std::string {
    const auto plain = read(text);
    if (!plain) return fmt::format("expected {}, found '{}'", expected, text);
    text = *plain;
    return "";
  });
}

Check whole_number(std::optional<std::uint64_t> (*parse)(std::string_view), Range range, const char* kind,
                   const char* example) {
  std::string expected = kind;
  if (range.least > 0) expected += fmt::format(" from {}", range.least);
  expected += range.most == Range{}.most ? " up to 2^64 - 1" : fmt::format(" up to {}", range.most);
  const auto read = [parse, range](std::string_view text) -> std::optional<std::string> {
    const auto value = parse(text);
    if (!value || *value < range.least || *value > range.most) return std::nullopt;
    return std::to_string(*value);
  };
  return reading(read, fmt::format("a {}, like {}", expected, example));
}

// As it may be written: 10ms, 1d.
std::string plain(nanoseconds time) {
  struct Unit {
    std::string_view name;
    std::int64_t ns;
  };
  for (const Unit& unit : {Unit{"d", 86400 * kSecond}, Unit{"h", 3600 * kSecond}, Unit{"m", 60 * kSecond},
                           Unit{"s", kSecond}, Unit{"ms", kSecond / 1000}}) {
    if (time.count() % unit.ns == 0) return fmt::format("{}{}", time.count() / unit.ns, unit.name);
  }
  return fmt::format("{}ns", time.count());
}

}  // namespace

Check count(Range range) { return whole_number(text::read_count, range, "whole number", "500, 64K or 1M"); }

Check size(Range range) { return whole_number(text::read_size, range, "whole number of bytes", "4096, 64K or 1G"); }

Check duration(nanoseconds least, nanoseconds most, BareNumber bare) {
  const auto read = [=](std::string_view text) -> std::optional<std::string> {
    const auto value = text::read_duration(text, bare);
    if (!value || *value < least || *value > most) return std::nullopt;
    return fmt::format("{}.{:09}", value->count() / 1'000'000'000, value->count() % 1'000'000'000);
  };
  const std::string range = most == nanoseconds::max() ? fmt::format("of at least {}", plain(least))
                                                       : fmt::format("from {} to {}", plain(least), plain(most));
  return reading(read, fmt::format("a time {}, like 500ms, 10s, 5m or 1h", range));
}

Check time_or_count() {
  const auto read = [](std::string_view text) -> std::optional<std::string> {
    if (const auto time = text::read_duration(text, BareNumber::is_refused)) return fmt::format("{}ns", time->count());
    const auto number = text::read_count(text);
    return number ? std::make_optional(std::to_string(*number)) : std::nullopt;
  };
  return reading(read, "a time like 500ms, 10s or 5m, or a number of values like 1000 or 64K");
}

Check moment() {
  const auto read = [](std::string_view text) -> std::optional<std::string> {
    std::int64_t ns = 0;
    const text::TimeReading found = text::read_time(text, kSecond, ns);
    if (found == text::TimeReading::ok || found == text::TimeReading::inexact) return std::to_string(ns);
    const auto back = text::read_duration(text, BareNumber::is_refused);
    return back ? std::make_optional(std::to_string(text::realtime_ns() - back->count())) : std::nullopt;
  };
  return reading(read, "a time like 2026-01-31T12:34:56Z, or how long ago, like 10s, 5m or 1h");
}

Check interval() { return duration(std::chrono::milliseconds(10), std::chrono::hours(24), BareNumber::is_seconds); }

Check rate() {
  const auto read = [](std::string_view text) -> std::optional<std::string> {
    double value = 0;
    const char* const whole_end = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), whole_end, value);
    const auto scale = text::read_count('1' + std::string(end, whole_end));
    if (!scale || error != std::errc{} || !(value > 0) || !std::isfinite(value)) return std::nullopt;
    return fmt::format("{}", value * static_cast<double>(*scale));
  };
  return reading(read, "a number above 0, like 0.5, 1000 or 64K");
}

Check position() {
  const auto read = [](std::string_view text) -> std::optional<std::string> {
    if (text == "oldest" || text == "newest") return std::string(text);
    const auto seq = text::read_count(text);
    return seq ? std::make_optional(std::to_string(*seq)) : std::nullopt;
  };
  return reading(read, "oldest, newest or a sequence number");
}

}  // namespace arena_shm::terminal
