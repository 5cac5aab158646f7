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

constexpr int kHoldsColumn = 5;

bool is_halted(const ConsumerFacts& consumer) {
  return !consumer.is_group() && consumer.holder == Holder::alive &&
         (consumer.seat.process.state == ProcessState::stopped || consumer.seat.process.state == ProcessState::zombie);
}

/// "alive", "dead", "away": what the summary counts by.
std::string_view state_of(const ConsumerFacts& consumer) {
  if (consumer.is_evicted()) return "evicted";
  if (consumer.is_durable() && consumer.is_away()) return "away";
  return to_string(consumer.holder);
}

std::string state_text(const ConsumerFacts& consumer) {
  std::string text(state_of(consumer));
  if (consumer.is_evicted() || (text == "away" && consumer.holder != Holder::left))
    text += fmt::format(", {}", to_string(consumer.holder));
  if (is_halted(consumer)) text += fmt::format(", {}", to_string(consumer.seat.process.state));
  return text;
}

std::string_view kind_text(core::Kind kind) {
  switch (kind) {
    case core::Kind::alone: return "alone";
    case core::Kind::group: return "group";
    case core::Kind::member: return "member";
  }
  return "unknown";
}

std::string process_text(const ConsumerFacts& consumer) {
  if (consumer.is_group()) return text::counted(consumer.members, "member");
  if (consumer.seat.other_namespace) return "(other pid namespace)";
  return consumer.seat.process.name.empty() ? "-" : text::printable(consumer.seat.process.name);
}

std::string pid_text(const ConsumerFacts& consumer) {
  const bool is_known = !consumer.is_group() && consumer.seat.pid != 0 && consumer.seat.holder != Holder::left;
  return is_known ? fmt::format("{}", consumer.seat.pid) : "-";
}

std::string name_text(const ConsumerFacts& consumer) {
  if (consumer.seat.name.empty()) return "-";
  return (consumer.is_member() ? "  " : "") + text::printable(consumer.full_name());
}

std::string duration_text(std::int64_t ns) { return text::short_duration(std::chrono::nanoseconds(ns)); }

std::string blocks_text(const ConsumerFacts& consumer) {
  if (consumer.waiting_count > 0) return duration_text(consumer.waited_ns);
  return consumer.in_the_way ? "full" : "-";
}

// What not all arenas have.
struct Extra {
  bool times = false;
  bool groups = false;
};

std::vector<TextTable::Column> columns(Extra extra) {
  using enum text::TextTable::Align;
  std::vector<TextTable::Column> columns{{"NAME", left, 10}, {"PID", right, 0, 2},    {"PROCESS", left, 10, 4},
                                         {"STATE"},          {"DURABLE", left, 0, 3}, {"POSITION", right, 0, 1},
                                         {"LAG", right},     {"BLOCKS", right}};
  if (extra.times) columns.insert(columns.end() - 1, {"LAG TIME", right, 0, 5});
  if (extra.groups) columns.insert(columns.begin() + kHoldsColumn, {"HOLDS", right});
  return columns;
}

std::vector<std::string> cells(const ConsumerFacts& consumer, Extra extra) {
  const char* const durable = consumer.is_durable() ? "yes" : "no";
  std::vector<std::string> cells{name_text(consumer),
                                 pid_text(consumer),
                                 process_text(consumer),
                                 state_text(consumer),
                                 consumer.is_member() ? "-" : durable,
                                 fmt::format("{}", consumer.position),
                                 fmt::format("{}", consumer.lag),
                                 blocks_text(consumer)};
  if (extra.times) cells.insert(cells.end() - 1, age_text(consumer.lag_ns));
  if (extra.groups)
    cells.insert(cells.begin() + kHoldsColumn,
                 consumer.kind == core::Kind::alone ? "-" : fmt::format("{}", consumer.holds));
  return cells;
}

}  // namespace

std::string Blocker::full_name() const { return member ? fmt::format("{}/{}", name, *member) : name; }

std::optional<Blocker> blocker_of(const inspect::Consumers& consumers) {
  const ConsumerFacts* found = consumers.blocker();
  if (found == nullptr) return std::nullopt;
  return Blocker{.name = found->seat.name,
                 .member = found->is_member() ? std::make_optional(found->index) : std::nullopt,
                 .pid = found->seat.pid,
                 .waited_ns = found->waiting_count > 0 ? std::make_optional(found->waited_ns) : std::nullopt};
}

Blocker blocker_of(const inspect::WaitFacts& wait) {
  return {.name = wait.name,
          .member = wait.is_member ? std::make_optional(wait.consumer) : std::nullopt,
          .pid = wait.pid,
          .waited_ns = wait.waits_ns};
}

std::optional<Blocker> find_blocker(const inspect::Image& image, const core::Header& header,
                                    const inspect::Seats& writers) {
  if (!core::is_lossless(header)) return std::nullopt;
  const auto heads = inspect::read_heads(image, header);
  return heads ? blocker_of(inspect::read_consumers(image, header, *heads, writers)) : std::nullopt;
}

std::string blocker_text(const std::optional<Blocker>& blocker) {
  if (!blocker) return "-";
  std::string text = text::printable(blocker->name);
  if (blocker->member) text += fmt::format(" (member {}, pid {})", *blocker->member, blocker->pid);
  if (blocker->waited_ns) text += fmt::format(", {}", duration_text(*blocker->waited_ns));
  return text;
}

std::string waits_text(const inspect::SeatFacts& seat) {
  return blocker_text(seat.waits ? std::make_optional(blocker_of(*seat.waits)) : std::nullopt);
}

ConsumerLines consumer_lines(const inspect::Facts& facts, const inspect::Consumers& consumers, std::size_t width) {
  const std::vector<const ConsumerFacts*> shown = consumers.in_order();
  const Extra extra{.times = inspect::is_timed(facts.header),
                    .groups = std::ranges::any_of(shown, [](const auto* one) { return one->is_group(); })};
  TextTable table(columns(extra), width);
  std::vector<std::vector<std::string>> rows;
  ConsumerLines result;
  for (const ConsumerFacts* consumer : shown) {
    table.widen(rows.emplace_back(cells(*consumer, extra)));
    result.lines.push_back({.text = {}, .is_in_the_way = consumer->in_the_way});
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
  // A group has no process of its own.
  const auto of_process = [&](auto&& value) {
    return consumer.is_group() ? terminal::JsonObject() : terminal::JsonObject(value);
  };
  terminal::JsonObject object;
  object["consumer"] = consumer.index;
  object["name"] = seat.name;
  object["kind"] = kind_text(consumer.kind);
  object["group"] = or_null(consumer.group);
  object["members"] = consumer.is_group() ? terminal::JsonObject(consumer.members) : nullptr;
  object["state"] = state_of(consumer);
  object["holder"] = to_string(consumer.holder);
  object["pid"] = of_process(seat.pid);
  object["tid"] = of_process(seat.tid);
  object["process"] = of_process(seat.process.name);
  object["process_state"] = of_process(to_string(seat.process.state));
  object["is_other_pid_namespace"] = of_process(seat.other_namespace);
  object["is_durable"] = consumer.is_member() ? terminal::JsonObject() : terminal::JsonObject(consumer.is_durable());
  object["position"] = consumer.position;
  object["lag"] = consumer.lag;
  object["holds"] = consumer.kind == core::Kind::alone ? nullptr : terminal::JsonObject(consumer.holds);
  object["lag_ns"] = or_null(consumer.lag_ns);
  object["is_in_the_way"] = consumer.in_the_way;
  object["writers_waiting"] = consumer.waiting_count;
  object["blocks_ns"] = consumer.waiting_count > 0 ? terminal::JsonObject(consumer.waited_ns) : nullptr;
  object["taken_ns"] = seat.taken_ns;
  return object;
}

std::string count_consumers(const inspect::Consumers& consumers) {
  constexpr std::array<std::string_view, 10> kStates{
      "alive", "gone, memory shared", "dying",  "dumping core", "dead", "away", "evicted",
      "left",  "never used",          "unknown"};
  const std::vector<const ConsumerFacts*> shown = consumers.in_order();
  std::string text;
  const auto append = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  const auto count = [&](bool of_groups, std::string_view state) {
    return static_cast<std::size_t>(std::ranges::count_if(
        shown, [&](const auto* one) { return one->is_group() == of_groups && state_of(*one) == state; }));
  };
  for (const std::string_view state : kStates) {
    if (const std::size_t groups = count(true, state); groups > 0)
      append(text::counted(groups, "group") + (state == "alive" ? "" : fmt::format(" {}", state)));
  }
  for (const std::string_view state : kStates) {
    if (const std::size_t others = count(false, state); others > 0) append(fmt::format("{} {}", others, state));
  }
  if (const std::size_t free = consumers.all.size() - shown.size(); free > 0) append(fmt::format("{} free", free));
  if (const auto blocker = blocker_of(consumers))
    text += fmt::format("; full: writers {} for {}", blocker->waited_ns ? "wait" : "would wait", blocker_text(blocker));
  return text;
}

void add_blocker(terminal::JsonObject& object, const Info& info, const std::optional<Blocker>& blocker) {
  object["full"] = info.full == Full::wait ? "wait" : "overwrite";
  object["blocked_by"] = blocker ? terminal::JsonObject(blocker->full_name()) : nullptr;
  object["blocked_ns"] = blocker ? or_null(blocker->waited_ns) : nullptr;
}

}  // namespace arena_shm::tool
