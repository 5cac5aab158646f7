#include "tool/views/seat_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>

#include "terminal/output.hpp"
#include "text/text_table.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"
#include "tool/views/consumer_table.hpp"
#include "tool/views/inspection.hpp"

namespace arena_shm::tool {

namespace {

using inspect::Holder;
using inspect::ProcessState;
using text::TextTable;

constexpr std::ptrdiff_t kLaneColumn = 7;  // before the values

// Alive is what the lease says; whether the process makes use of it, /proc tells.
std::string holder(const inspect::SeatFacts& seat) {
  std::string text(to_string(seat.holder));
  if (seat.holder == Holder::alive &&
      (seat.process.state == ProcessState::stopped || seat.process.state == ProcessState::zombie)) {
    text += fmt::format(", {}", to_string(seat.process.state));
  }
  return text;
}

// With how far the others have come meanwhile.
std::string claim(const inspect::SeatFacts& seat, const inspect::Facts& facts) {
  std::string text = describe_claim(seat, facts.header);
  if (!inspect::has_lanes(facts.header) && seat.is_inside() && facts.head && *facts.head > seat.claim().seq) {
    text += fmt::format(", {} behind", *facts.head - seat.claim().seq);
  }
  return text;
}

bool is_laned(const inspect::Facts& facts) { return facts.info.writers == Writers::laned; }

std::uint64_t used_slots(const inspect::SeatFacts& seat, const inspect::Facts& facts) {
  return std::min(seat.lane_head(), facts.header.slot_count);
}

// What a seat has because it has a lane of its own.
std::vector<std::string> lane_cells(const inspect::SeatFacts& seat, const inspect::Facts& facts) {
  const auto percent =
      100.0 * static_cast<double>(used_slots(seat, facts)) / static_cast<double>(facts.header.slot_count);
  return {fmt::format("{}", inspect::seq_of(facts.header, seat.index, seat.lane_head())),
          fmt::format("{:.0f}%", percent)};
}

std::vector<TextTable::Column> columns(const inspect::Facts& facts) {
  using enum text::TextTable::Align;
  std::vector<TextTable::Column> columns{{"SEAT", right},          {"HOLDER"},
                                         {"PID", right},           {"TID", right, 0, 5},
                                         {"PROCESS", left, 10, 3}, {"NAME", left, 10, 1},
                                         {"CLAIM", left, 12},      {"VALUES", right, 0, 2},
                                         {"SKIPPED", right, 0, 4}, {"TAKEN", left, 0, 6}};
  if (core::is_lossless(facts.header)) columns.insert(columns.end() - 1, {"WAITS FOR", left, 8, 3});
  if (!is_laned(facts)) return columns;
  columns.at(6).rank = 5;
  columns.at(8).title = "HOLES";  // nobody skips in a lane
  columns.insert(columns.begin() + kLaneColumn, {{"HEAD", right}, {"FULL", right, 0, 2}});
  if (inspect::is_timed(facts.header)) columns.insert(columns.end() - 1, {"NEWEST", right, 0, 6});
  return columns;
}

std::vector<std::string> cells(const inspect::SeatFacts& seat, const inspect::Facts& facts,
                               const inspect::NewestTimes& newest) {
  const bool known = seat.pid != 0 && seat.holder != Holder::left;
  std::string process = text::printable(seat.process.name);
  if (seat.other_namespace) process = "(other pid namespace)";
  std::vector<std::string> cells{fmt::format("{}", seat.index),
                                 holder(seat),
                                 known ? fmt::format("{}", seat.pid) : "-",
                                 known ? fmt::format("{}", seat.tid) : "-",
                                 process.empty() ? "-" : process,
                                 seat.name.empty() ? "-" : text::printable(seat.name),
                                 claim(seat, facts),
                                 fmt::format("{}", seat.values),
                                 fmt::format("{}", seat.skipped),
                                 text::utc_time(seat.taken_ns)};
  if (core::is_lossless(facts.header)) cells.insert(cells.end() - 1, waits_text(seat));
  if (is_laned(facts)) {
    const std::vector<std::string> of_lane = lane_cells(seat, facts);
    cells.at(8) = holes_text(seat.skipped, seat.lane_head() - std::min(seat.lane_head(), seat.values));
    cells.insert(cells.begin() + kLaneColumn, of_lane.begin(), of_lane.end());
    if (inspect::is_timed(facts.header))
      cells.insert(cells.end() - 1, age_text(inspect::age_ns(newest.of_lane(seat.index))));
  }
  return cells;
}

}  // namespace

SeatLines seat_lines(const inspect::Facts& facts, const inspect::Seats& seats, const inspect::NewestTimes& newest,
                     std::size_t width) {
  text::TextTable table(columns(facts), width);
  std::vector<std::vector<std::string>> rows;
  SeatLines result;
  for (const inspect::SeatFacts& seat : seats.all) {
    if (seat.holder == Holder::never) continue;
    table.widen(rows.emplace_back(cells(seat, facts, newest)));
    result.lines.push_back({.text = {}, .is_alarming = is_dead(seat.holder) || seat.waits});
  }
  const auto print = [](std::string& text, auto append) {
    append(text);
    text.pop_back();
  };
  print(result.heading, [&](std::string& text) { table.append_heading(text); });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    print(result.lines[i].text, [&](std::string& text) { table.append(text, rows[i]); });
  }
  return result;
}

void append_seats(std::string& out, const inspect::Facts& facts, const inspect::Seats& seats,
                  const inspect::NewestTimes& newest) {
  const SeatLines lines = seat_lines(facts, seats, newest, terminal::line_width());
  out += terminal::strong(lines.heading) + '\n';
  for (const SeatLines::Line& line : lines.lines)
    out += (line.is_alarming ? terminal::alarming(line.text) : line.text) + '\n';
}

terminal::JsonObject seat_object(const inspect::SeatFacts& seat, const inspect::Facts& facts,
                                 const inspect::NewestTimes& newest) {
  terminal::JsonObject object;
  object["seat"] = seat.index;
  object["holder"] = to_string(seat.holder);
  object["pid"] = seat.pid;
  object["tid"] = seat.tid;
  object["process"] = seat.process.name;
  object["process_state"] = to_string(seat.process.state);
  object["is_other_pid_namespace"] = seat.other_namespace;
  object["name"] = seat.name;
  object["claim"] = describe_claim(seat, facts.header);
  object["claim_seq"] = claim_seq(seat, facts.header);
  object["values"] = seat.values;
  object["skipped"] = seat.skipped;
  object["taken_ns"] = seat.taken_ns;
  const auto of_lane = [&](std::optional<std::uint64_t> number) {
    return is_laned(facts) && number ? terminal::JsonObject(*number) : terminal::JsonObject();
  };
  object["lane_head"] = of_lane(inspect::seq_of(facts.header, seat.index, seat.lane_head()));
  object["lane_handed_out"] = of_lane(seat.lane_head());
  object["lane_slots_used"] = of_lane(used_slots(seat, facts));
  object["lane_newest_time_ns"] = of_lane(newest.of_lane(seat.index));
  object["lane_newest_age_ns"] = of_lane(inspect::age_ns(newest.of_lane(seat.index)));
  object["waits_for"] = seat.waits ? terminal::JsonObject(blocker_of(*seat.waits).full_name()) : nullptr;
  object["waits_ns"] = seat.waits ? terminal::JsonObject(seat.waits->waits_ns) : nullptr;
  return object;
}

std::string count_seats(const inspect::Seats& seats) {
  std::string text;
  for (const Holder holder : {Holder::alive, Holder::dying, Holder::dumping, Holder::gone, Holder::dead, Holder::left,
                              Holder::never, Holder::unknown}) {
    if (const std::size_t count = seats.count(holder); count > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, to_string(holder));
    }
  }
  return text;
}

}  // namespace arena_shm::tool
