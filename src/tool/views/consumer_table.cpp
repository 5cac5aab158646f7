#include "tool/views/consumer_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "inspect/heads.hpp"
#include "inspect/times.hpp"
#include "terminal/output.hpp"
#include "text/quantities.hpp"
#include "text/text_table.hpp"
#include "text/utf8.hpp"
#include "tool/views/inspection.hpp"

namespace arena_shm::tool {

namespace {

using inspect::ConsumerFacts;
using inspect::Holder;
using inspect::ProcessState;
using terminal::or_null;
using text::TextTable;

bool is_halted(const ConsumerFacts& consumer) {
  return consumer.seat.holder == Holder::alive &&
         (consumer.seat.process.state == ProcessState::stopped || consumer.seat.process.state == ProcessState::zombie);
}

/// "alive", "dead", "away": what the summary counts by.
std::string_view kind_of(const ConsumerFacts& consumer) {
  if (consumer.is_evicted()) return "evicted";
  if (consumer.is_durable() && consumer.is_away()) return "away";
  return to_string(consumer.seat.holder);
}

std::string state_text(const ConsumerFacts& consumer) {
  std::string text(kind_of(consumer));
  if (consumer.is_evicted() || (text == "away" && consumer.seat.holder != Holder::left))
    text += fmt::format(", {}", to_string(consumer.seat.holder));
  if (is_halted(consumer)) text += fmt::format(", {}", to_string(consumer.seat.process.state));
  return text;
}

std::string process_text(const inspect::SeatFacts& seat) {
  if (seat.other_namespace) return "(other pid namespace)";
  return seat.process.name.empty() ? "-" : text::printable(seat.process.name);
}

std::string duration_text(std::int64_t ns) { return text::short_duration(std::chrono::nanoseconds(ns)); }

std::string blocks_text(const ConsumerFacts& consumer) {
  if (consumer.waiting_count > 0) return duration_text(consumer.waited_ns);
  return consumer.in_the_way ? "full" : "-";
}

std::vector<TextTable::Column> columns(bool is_timed) {
  using enum text::TextTable::Align;
  std::vector<TextTable::Column> columns{{"NAME", left, 10}, {"PID", right, 0, 2},    {"PROCESS", left, 10, 4},
                                         {"STATE"},          {"DURABLE", left, 0, 3}, {"POSITION", right, 0, 1},
                                         {"LAG", right},     {"BLOCKS", right}};
  if (is_timed) columns.insert(columns.end() - 1, {"LAG TIME", right, 0, 5});
  return columns;
}

std::vector<std::string> cells(const ConsumerFacts& consumer, bool is_timed) {
  const inspect::SeatFacts& seat = consumer.seat;
  std::vector<std::string> cells{seat.name.empty() ? "-" : text::printable(seat.name),
                                 seat.pid != 0 && seat.holder != Holder::left ? fmt::format("{}", seat.pid) : "-",
                                 process_text(seat),
                                 state_text(consumer),
                                 consumer.is_durable() ? "yes" : "no",
                                 fmt::format("{}", consumer.position),
                                 fmt::format("{}", consumer.lag),
                                 blocks_text(consumer)};
  if (is_timed) cells.insert(cells.end() - 1, age_text(consumer.lag_ns));
  return cells;
}

}  // namespace

std::optional<Blocker> blocker_of(const inspect::Consumers& consumers) {
  const ConsumerFacts* found = consumers.blocker();
  if (found == nullptr) return std::nullopt;
  return Blocker{.name = found->seat.name,
                 .waited_ns = found->waiting_count > 0 ? std::make_optional(found->waited_ns) : std::nullopt};
}

std::optional<Blocker> find_blocker(const inspect::Image& image, const core::Header& header,
                                    const inspect::Seats& writers) {
  if (!core::is_lossless(header)) return std::nullopt;
  const auto heads = inspect::read_heads(image, header);
  return heads ? blocker_of(inspect::read_consumers(image, header, *heads, writers)) : std::nullopt;
}

std::string blocker_text(const std::optional<Blocker>& blocker) {
  if (!blocker) return "-";
  const std::string name = text::printable(blocker->name);
  return blocker->waited_ns ? fmt::format("{}, {}", name, duration_text(*blocker->waited_ns)) : name;
}

std::string waits_text(const inspect::SeatFacts& seat) {
  if (!seat.waits) return "-";
  return blocker_text(Blocker{.name = seat.waits->name, .waited_ns = seat.waits->waits_ns});
}

bool is_shown(const ConsumerFacts& consumer) noexcept { return consumer.standing != core::Standing::free; }

std::size_t count_shown(const inspect::Consumers& consumers) noexcept {
  return static_cast<std::size_t>(std::count_if(consumers.all.begin(), consumers.all.end(), is_shown));
}

ConsumerLines consumer_lines(const inspect::Facts& facts, const inspect::Consumers& consumers, std::size_t width) {
  const bool is_timed = inspect::is_timed(facts.header);
  TextTable table(columns(is_timed), width);
  std::vector<std::vector<std::string>> rows;
  ConsumerLines result;
  for (const ConsumerFacts& consumer : consumers.all) {
    if (!is_shown(consumer)) continue;
    table.widen(rows.emplace_back(cells(consumer, is_timed)));
    result.lines.push_back({.text = {}, .is_in_the_way = consumer.in_the_way});
  }
  table.append_heading(result.heading);
  result.heading.pop_back();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    table.append(result.lines[i].text, rows[i]);
    result.lines[i].text.pop_back();
  }
  return result;
}

void append_consumers(std::string& out, const inspect::Facts& facts, const inspect::Consumers& consumers) {
  const ConsumerLines lines = consumer_lines(facts, consumers, terminal::line_width());
  out += terminal::strong(lines.heading) + '\n';
  for (const ConsumerLines::Line& line : lines.lines)
    out += (line.is_in_the_way ? terminal::alarming(line.text) : line.text) + '\n';
}

terminal::JsonObject consumer_object(const ConsumerFacts& consumer) {
  const inspect::SeatFacts& seat = consumer.seat;
  terminal::JsonObject object;
  object["consumer"] = consumer.index;
  object["name"] = seat.name;
  object["state"] = kind_of(consumer);
  object["holder"] = to_string(seat.holder);
  object["pid"] = seat.pid;
  object["tid"] = seat.tid;
  object["process"] = seat.process.name;
  object["process_state"] = to_string(seat.process.state);
  object["is_other_pid_namespace"] = seat.other_namespace;
  object["is_durable"] = consumer.is_durable();
  object["position"] = consumer.position;
  object["lag"] = consumer.lag;
  object["lag_ns"] = or_null(consumer.lag_ns);
  object["is_in_the_way"] = consumer.in_the_way;
  object["writers_waiting"] = consumer.waiting_count;
  object["blocks_ns"] = consumer.waiting_count > 0 ? terminal::JsonObject(consumer.waited_ns) : nullptr;
  object["taken_ns"] = seat.taken_ns;
  return object;
}

std::string count_consumers(const inspect::Consumers& consumers) {
  constexpr std::array<std::string_view, 10> kKinds{
      "alive", "gone, memory shared", "dying",  "dumping core", "dead", "away", "evicted",
      "left",  "never used",          "unknown"};
  std::string text;
  const auto add = [&](std::size_t count, std::string_view kind) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, kind);
  };
  for (const std::string_view kind : kKinds) {
    add(static_cast<std::size_t>(
            std::count_if(consumers.all.begin(), consumers.all.end(),
                          [&](const ConsumerFacts& one) { return is_shown(one) && kind_of(one) == kind; })),
        kind);
  }
  add(consumers.all.size() - count_shown(consumers), "free");
  if (const auto blocker = blocker_of(consumers))
    text += fmt::format("; full: writers {} for {}", blocker->waited_ns ? "wait" : "would wait", blocker_text(blocker));
  return text;
}

void add_blocker(terminal::JsonObject& object, const Info& info, const std::optional<Blocker>& blocker) {
  object["full"] = info.full == Full::wait ? "wait" : "overwrite";
  object["blocked_by"] = blocker ? terminal::JsonObject(blocker->name) : nullptr;
  object["blocked_ns"] = blocker ? or_null(blocker->waited_ns) : nullptr;
}

}  // namespace arena_shm::tool
