#include "tool/views/seat_table.hpp"

#include <fmt/format.h>

#include <initializer_list>

#include "terminal/output.hpp"
#include "text/text_table.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"

namespace arena_shm::tool {

namespace {

using inspect::Holder;
using inspect::ProcessState;
using text::TextTable;

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
  std::string text = describe_claim(seat, facts.info.writers == Writers::exclusive);
  if (seat.is_inside() && facts.head && *facts.head > seat.claim().seq) {
    text += fmt::format(", {} behind", *facts.head - seat.claim().seq);
  }
  return text;
}

std::vector<std::string> cells(const inspect::SeatFacts& seat, const inspect::Facts& facts) {
  const bool known = seat.pid != 0 && seat.holder != Holder::left;
  std::string process = text::printable(seat.process.name);
  if (seat.other_namespace) process = "(other pid namespace)";
  return {fmt::format("{}", seat.index),
          holder(seat),
          known ? fmt::format("{}", seat.pid) : "-",
          known ? fmt::format("{}", seat.tid) : "-",
          process.empty() ? "-" : process,
          seat.name.empty() ? "-" : text::printable(seat.name),
          claim(seat, facts),
          fmt::format("{}", seat.values),
          fmt::format("{}", seat.skipped),
          text::utc_time(seat.taken_ns)};
}

}  // namespace

SeatLines seat_lines(const inspect::Facts& facts, const inspect::Seats& seats, std::size_t width) {
  using enum text::TextTable::Align;
  text::TextTable table({{"SEAT", right},
                         {"HOLDER"},
                         {"PID", right},
                         {"TID", right, 0, 5},
                         {"PROCESS", left, 10, 3},
                         {"NAME", left, 10, 1},
                         {"CLAIM", left, 12},
                         {"VALUES", right, 0, 2},
                         {"SKIPPED", right, 0, 4},
                         {"TAKEN", left, 0, 6}},
                        width);
  std::vector<std::vector<std::string>> rows;
  SeatLines result;
  for (const inspect::SeatFacts& seat : seats.all) {
    if (seat.holder == Holder::never) continue;
    table.widen(rows.emplace_back(cells(seat, facts)));
    result.lines.push_back({.text = {}, .is_dead = is_dead(seat.holder)});
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

void append_seats(std::string& out, const inspect::Facts& facts, const inspect::Seats& seats) {
  const SeatLines lines = seat_lines(facts, seats, terminal::line_width());
  out += terminal::strong(lines.heading) + '\n';
  for (const SeatLines::Line& line : lines.lines)
    out += (line.is_dead ? terminal::alarming(line.text) : line.text) + '\n';
}

terminal::JsonObject seat_object(const inspect::SeatFacts& seat, const inspect::Facts& facts) {
  terminal::JsonObject object;
  object["seat"] = seat.index;
  object["holder"] = to_string(seat.holder);
  object["pid"] = seat.pid;
  object["tid"] = seat.tid;
  object["process"] = seat.process.name;
  object["process_state"] = to_string(seat.process.state);
  object["is_other_pid_namespace"] = seat.other_namespace;
  object["name"] = seat.name;
  object["claim"] = describe_claim(seat, facts.info.writers == Writers::exclusive);
  object["claim_seq"] = seat.claim().seq;
  object["values"] = seat.values;
  object["skipped"] = seat.skipped;
  object["taken_ns"] = seat.taken_ns;
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
