#include "tool/views/inspect_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "arena_shm/core/mutex.hpp"
#include "schema/record_formatter.hpp"
#include "terminal/output.hpp"
#include "text/quantities.hpp"
#include "text/text_table.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"
#include "tool/views/consumer_table.hpp"
#include "tool/views/seat_table.hpp"

namespace arena_shm::tool {

namespace {

using text::printable;
using text::TextTable;

void append_fact(std::string& out, std::string_view name, const std::string& text) {
  constexpr std::size_t kIndent = 12;
  text::append_wrapped(out, fmt::format("{:<{}}{}", name, kIndent, text), terminal::line_width(), kIndent);
}

void append_line(std::string& out, const std::string& text) {
  text::append_wrapped(out, text, terminal::line_width(), 2);
}

void append_title(std::string& out, const std::string& title) {
  std::string lines;
  append_line(lines, title);
  out += '\n' + terminal::strong(std::move(lines));
}

bool is_laned(const Inspection& in) { return in.facts.info.writers == Writers::laned; }

std::string mutex_state(const Inspection& in) {
  const std::uint64_t word = *in.facts.mutex;
  const std::uint32_t owner = core::mutex_owner(word);
  std::string text = "free";
  if (owner > in.seats.all.size()) {
    text = fmt::format("held by seat {}, which does not exist", owner - 1);
  } else if (owner > 0) {
    const inspect::SeatFacts& seat = in.seats.all[owner - 1];
    text = fmt::format("{} seat {} ({}, pid {})", core::mutex_is_reserved(word) ? "reserved for" : "held by", owner - 1,
                       to_string(seat.holder), seat.pid);
    if (is_dead(seat.holder)) text += "; the next process that needs it will free it";
  }
  if ((word & core::kMutexWaiters) != 0) text += "; a process is waiting for it";
  return text;
}

std::string readable_range(const Inspection& in) {
  const std::uint64_t head = *in.facts.head;
  if (head == 0) return "no values yet";
  if (!in.oldest) return "no values in the slots that were read";
  std::string text = fmt::format("{}..{}{}", *in.oldest, head - 1, is_laned(in) ? " over all lanes" : "");
  if (const auto lap = lap_seconds(in)) {
    text += fmt::format(", a lap {}takes {}", is_laned(in) ? "of the fastest lane " : "",
                        text::short_duration(Duration(std::chrono::duration<double>(*lap))));
  }
  return text;
}

std::string times_text(const Inspection& in) {
  std::string text = fmt::format("by the clock {}", to_string(in.facts.info.clock));
  if (const auto newest = in.newest_times.latest()) {
    const auto age = inspect::age_ns(newest);
    text += fmt::format("; newest value at {}, {}", text::time_text(*newest / 1000, 1'000'000),
                        age ? age_text(age) + " ago" : "which is in the future");
  }
  return text;
}

std::string writers_text(const Info& info) {
  switch (info.writers) {
    case Writers::exclusive: return ", one writer at a time";
    case Writers::laned: return ", laned: " + slots_text(info);
    case Writers::shared: break;
  }
  return "";
}

std::string lanes_text(const inspect::Heads& heads) {
  std::uint64_t least = ~std::uint64_t{0};
  std::uint64_t most = 0;
  for (const std::uint64_t head : heads.of_lanes()) {
    if (head > 0) least = std::min(least, head);
    most = std::max(most, head);
  }
  const std::string used = fmt::format("{} of {} used", heads.used_count(), heads.of_lanes().size());
  if (most == 0) return used;
  return used + (least == most ? fmt::format(", {} handed out by each of them", text::counted(most, "number"))
                               : fmt::format(", {} to {} numbers handed out by each of them", least, most));
}

void append_facts(std::string& out, const Inspection& in) {
  const Info& info = in.facts.info;
  append_fact(out, "arena",
              fmt::format("{}, {} of {}{}", text::printable(in.image.label()), text::counted(info.slots, "value"),
                          text::counted(info.record.size_bytes, "byte"), writers_text(info)));
  append_fact(out, "type",
              fmt::format("{}, aligned to {}", info.record.name.empty() ? "unnamed" : text::printable(info.record.name),
                          info.record.align_bytes));
  append_fact(out, "file",
              fmt::format("{}, {} ({}), mode {:04o}, owner {}{}", text::printable(in.image.path()),
                          text::counted(in.facts.file_bytes, "byte"), text::short_bytes(in.facts.file_bytes),
                          in.image.mode(), in.image.owner(), in.image.is_live() ? "" : ", a saved segment"));
  append_fact(
      out, "layout",
      fmt::format("version {}, stride {} bytes, epoch {}", info.layout_version, info.stride_bytes, epoch_text(info)));
  append_fact(out, "created",
              fmt::format("{} by pid {}, {} ago", text::utc_time(info.created_ns), info.creator_pid,
                          text::short_duration(text::time_between(info.created_ns, text::realtime_ns()))));
  if (inspect::is_timed(in.facts.header)) append_fact(out, "times", times_text(in));
  if (info.full == Full::wait) append_fact(out, "full", waiting_text(info));
  if (in.facts.head) {
    append_fact(out, "head",
                is_laned(in)
                    ? fmt::format("{}, {} handed out", *in.facts.head, text::counted(in.facts.heads.count(), "number"))
                    : fmt::format("{}", *in.facts.head));
    if (is_laned(in)) append_fact(out, "lanes", lanes_text(in.facts.heads));
    append_fact(out, "readable", readable_range(in));
  }
  append_fact(out, "written",
              fmt::format("{}, {} skipped{}", text::counted(in.seats.values, "value"), in.seats.skipped,
                          in.image.is_live() ? ", " + text::short_count(in.values_per_second) + "/s" : ""));
  if (in.facts.mutex) append_fact(out, "mutex", mutex_state(in));
  if (in.facts.doorbell)
    append_fact(out, "doorbell", (*in.facts.doorbell & 1) != 0 ? "a reader may be asleep" : "quiet");
}

void append_regions(std::string& out, const core::Header& header) {
  using enum text::TextTable::Align;
  text::TextTable table({{"REGION"}, {"OFFSET", right}, {"BYTES", right}}, terminal::line_width());
  std::vector<std::vector<std::string>> lines;
  for (const auto& [name, region] : regions(header)) {
    table.widen(lines.emplace_back(
        std::vector<std::string>{name, fmt::format("{}", region.offset_bytes), fmt::format("{}", region.size_bytes)}));
  }
  append_title(out, "regions");
  table.append_heading(out);
  for (const auto& line : lines) table.append(out, line);
}

void append_consumers_of(std::string& out, const Inspection& in) {
  append_title(out, fmt::format("{} consumers: {}", in.facts.header.consumer_count, count_consumers(in.consumers)));
  if (!in.consumers.in_order().empty()) append_consumers(out, in.facts, in.consumers);
}

void append_mappers(std::string& out, const Inspection& in) {
  using enum text::TextTable::Align;
  text::TextTable table({{"PID", right}, {"PROCESS", left, 10}, {"STATE"}, {"ACCESS"}}, terminal::line_width());
  std::vector<std::vector<std::string>> lines;
  for (const inspect::Mapper& mapper : in.mappers.found) {
    table.widen(lines.emplace_back(std::vector<std::string>{
        fmt::format("{}", mapper.pid), text::printable(mapper.process.name),
        std::string(to_string(mapper.process.state)), mapper.writes ? "read and write" : "read"}));
  }
  append_title(out, "mapped by " + text::counted(lines.size(), "process"));
  if (!lines.empty()) table.append_heading(out);
  for (const auto& line : lines) table.append(out, line);
  if (in.mappers.unreadable_count > 0) {
    append_line(out, fmt::format("could not look at {}: no permission",
                                 text::counted(in.mappers.unreadable_count, "other process")));
  }
}

// Fields by their place, with the bytes between them.
// "time", or the names of an enum: "none -1, buy 0".
std::string note_of(const schema::Schema& schema, const schema::Field& field) {
  std::string note = field.name == schema.time_field ? "time" : "";
  for (const schema::Enumerator& enumerator : field.enumerators) {
    if (!note.empty()) note += ", ";
    note += text::printable(enumerator.name) + ' ';
    if (field.kind == schema::Kind::signed_integer)
      note += std::to_string(static_cast<std::int64_t>(enumerator.value));
    else
      note += std::to_string(enumerator.value);
  }
  return note;
}

void append_fields(std::string& out, const schema::Schema& schema) {
  using enum text::TextTable::Align;
  text::TextTable table({{"OFFSET", right},
                         {"BYTES", right, 0, 2},
                         {"TYPE", left, 8},
                         {"NAME", left, 16},
                         {"UNIT", left, 6, 1},
                         {"NOTE", left, 12, 3}},
                        terminal::line_width());
  std::vector<std::vector<std::string>> lines;
  const auto line = [&](std::size_t offset, std::size_t bytes, std::string type, std::string name, std::string unit,
                        std::string note) {
    table.widen(lines.emplace_back(std::vector<std::string>{fmt::format("{}", offset), fmt::format("{}", bytes),
                                                            std::move(type), std::move(name), std::move(unit),
                                                            std::move(note)}));
  };
  auto fields = schema.fields;
  std::sort(fields.begin(), fields.end(), [](auto& a, auto& b) { return a.offset_bytes < b.offset_bytes; });
  std::size_t end = 0;
  for (const schema::Field& field : fields) {
    if (field.offset_bytes > end) line(end, field.offset_bytes - end, "padding", "", "", "");
    line(field.offset_bytes, field.size_bytes(), field.type_name(), text::printable(field.name),
         text::printable(field.unit), note_of(schema, field));
    end = field.offset_bytes + field.size_bytes();
  }
  if (schema.size_bytes > end) line(end, schema.size_bytes - end, "padding", "", "", "");
  append_title(out, "fields");
  table.append_heading(out);
  for (const auto& cells : lines) table.append(out, cells);
}

constexpr std::size_t kLaneMargin = 6;

// The lines with the lane before the first one.
std::string beside_lane(std::string_view lane, std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
    out += fmt::format("{:>{}}  {}", lane, kLaneMargin - 2, lines.substr(0, end));
    lines.remove_prefix(end);
    lane = "";
  }
  return out;
}

void append_newest(std::string& out, const Inspection& in) {
  if (in.newest.empty()) return;
  append_title(out, is_laned(in) ? "newest values of lanes" : "newest values");
  const std::size_t margin = is_laned(in) ? kLaneMargin : 0;
  const std::size_t width = terminal::line_width();
  const auto formatter = make_formatter(in.schema ? schema::Format::table : schema::Format::hex,
                                        in.schema ? &*in.schema : nullptr, {.width = width - std::min(width, margin)});
  for (const inspect::Value& value : in.newest) formatter->measure(value.seq, shown_bytes(in, value));
  const auto append = [&](const std::string& lane, auto append_lines) {
    std::string lines;
    append_lines(lines);
    out += margin == 0 ? lines : beside_lane(lane, lines);
  };
  append("LANE", [&](std::string& lines) { formatter->heading(lines); });
  for (const inspect::Value& value : in.newest) {
    append(fmt::format("{}", value.lane),
           [&](std::string& lines) { formatter->record(lines, value.seq, shown_bytes(in, value)); });
  }
  if (const std::size_t hidden = formatter->hidden_column_count(); hidden > 0)
    append_line(out, fmt::format("no room for {}", text::counted(hidden, "more field")));
  const std::size_t shown = shown_bytes(in, in.newest.back()).size();
  if (shown < in.newest.back().bytes.size()) {
    append_line(out, fmt::format("the first {} of {}", text::counted(shown, "byte"), in.facts.info.record.size_bytes));
  }
}

void append_problems(std::string& out, const Inspection& in) {
  if (in.facts.problems.empty()) return;
  append_title(out, "problems");
  for (const std::string& problem : in.facts.problems) {
    std::string lines;
    append_line(lines, text::printable(problem));
    out += terminal::alarming(std::move(lines));
  }
}

}  // namespace

std::string damaged_page(const Inspection& in) {
  std::string out;
  append_fact(out, "file",
              fmt::format("{}, {}, mode {:04o}, owner {}", text::printable(in.image.path()),
                          text::counted(in.facts.file_bytes, "byte"), in.image.mode(), in.image.owner()));
  append_problems(out, in);
  return out;
}

std::string whole_page(const Inspection& in) {
  std::string out;
  append_facts(out, in);
  append_problems(out, in);
  append_regions(out, in.facts.header);
  append_title(out, fmt::format("{}: {}", text::counted(in.facts.header.seat_count, "seat"), count_seats(in.seats)));
  if (in.seats.count(inspect::Holder::never) < in.seats.all.size())
    append_seats(out, in.facts, in.seats, in.newest_times);
  if (in.facts.info.full == Full::wait) append_consumers_of(out, in);
  if (in.image.is_live()) append_mappers(out, in);
  if (in.schema) append_fields(out, *in.schema);
  append_newest(out, in);
  return out;
}

}  // namespace arena_shm::tool
