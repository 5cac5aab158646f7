// list: every arena on this host, found by its magic.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "inspect/arenas.hpp"
#include "inspect/facts.hpp"
#include "inspect/seats.hpp"
#include "inspect/times.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/names.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "text/quantities.hpp"
#include "text/text_table.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/consumer_table.hpp"
#include "tool/views/damage.hpp"
#include "tool/views/inspection.hpp"

namespace arena_shm::tool {

namespace {

using SteadyClock = std::chrono::steady_clock;
using text::TextTable;

constexpr std::chrono::milliseconds kBetweenSamples{200};

struct ListOptions {
  bool names = false;
  terminal::ObjectFormat format;
};

struct Row {
  std::string name;
  inspect::Facts facts;
  inspect::Seats seats;
  std::optional<std::int64_t> newest_time_ns;
  std::optional<std::int64_t> newest_age_ns;
  std::optional<Blocker> blocker;
  SteadyClock::time_point sampled;
};

std::string writers(const inspect::Seats& seats) {
  using inspect::Holder;
  std::string text = fmt::format("{} alive", seats.count_held());
  if (const std::size_t dead = seats.count_dead(); dead > 0) text += fmt::format(", {} dead", dead);
  return text;
}

Row look_at(const inspect::Image& image, inspect::Facts facts) {
  inspect::Seats seats = inspect::read_seats(image, facts.header);
  const SteadyClock::time_point sampled = SteadyClock::now();
  const inspect::NewestTimes newest = inspect::read_newest_times(image, facts.header, facts.heads);
  const auto age_ns = inspect::newest_age_ns(image, facts, facts.heads, newest);
  auto blocker = find_blocker(image, facts.header, seats);
  return {image.label(), std::move(facts), std::move(seats), newest.latest(), age_ns, std::move(blocker), sampled};
}

// Opened anew, so that not all of them are open at once. An arena that is gone, or was made anew, has no rate.
double rate_of(const Row& row) {
  try {
    const inspect::Image image = inspect::Image::of_arena(row.name);
    core::Header header{};
    if (!image.load(0, header) || header.epoch != row.facts.header.epoch) return 0;
    const std::uint64_t now = inspect::read_value_count(image, row.facts.header);
    return inspect::rate(row.seats.values, now, SteadyClock::now() - row.sampled);
  } catch (const Error&) {
    return 0;
  }
}

// `lossless`: some arena is.
std::vector<std::string> cells(const Row& row, bool lossless) {
  const Info& info = row.facts.info;
  std::vector<std::string> cells{text::printable(row.name),
                                 info.record.name.empty() ? "?" : text::printable(info.record.name),
                                 fmt::format("{}B", info.record.size_bytes),
                                 fmt::format("{}", info.slots),
                                 text::short_bytes(info.segment_bytes),
                                 fmt::format("{}", row.seats.values),
                                 text::short_count(rate_of(row)),
                                 writers(row.seats),
                                 age_text(row.newest_age_ns),
                                 text::short_duration(text::time_between(info.created_ns, text::realtime_ns()))};
  if (lossless) cells.push_back(blocker_text(row.blocker));
  return cells;
}

terminal::JsonObject object_of(const Row& row) {
  using inspect::Holder;
  const Info& info = row.facts.info;
  terminal::JsonObject object;
  object["name"] = row.name;
  object["type"] = info.record.name;
  object["record_bytes"] = info.record.size_bytes;
  object["slots"] = info.slots;
  object["segment_bytes"] = info.segment_bytes;
  object["written"] = row.seats.values;
  object["values_per_s"] = rate_of(row);
  object["writers_alive"] = row.seats.count_held();
  object["writers_dead"] = row.seats.count_dead();
  object["created_ns"] = info.created_ns;
  object["writers"] = writers_name(info);
  object["lanes"] = info.lanes;
  object["slots_per_lane"] = info.slots / info.lanes;
  object["clock"] = to_string(info.clock);
  object["newest_time_ns"] = terminal::or_null(row.newest_time_ns);
  object["newest_age_ns"] = terminal::or_null(row.newest_age_ns);
  add_blocker(object, info, row.blocker);
  return object;
}

void append_table(std::string& out, const std::vector<Row>& rows) {
  using enum text::TextTable::Align;
  const bool lossless =
      std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.facts.info.full == Full::wait; });
  std::vector<TextTable::Column> columns{
      {"NAME", left, 16}, {"TYPE", left, 8, 2}, {"REC", right, 0, 5},    {"SLOTS", right, 0, 6},  {"SIZE", right, 0, 3},
      {"WRITTEN", right}, {"RATE/s", right},    {"WRITERS", left, 0, 1}, {"NEWEST", right, 0, 7}, {"AGE", right, 0, 4}};
  if (lossless) columns.push_back({"BLOCKED BY", left, 10});
  text::TextTable table(std::move(columns), terminal::line_width());
  std::vector<std::vector<std::string>> lines;
  for (const Row& row : rows) table.widen(lines.emplace_back(cells(row, lossless)));
  std::string heading;
  table.append_heading(heading);
  out += terminal::strong(heading);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line;
    table.append(line, lines[i]);
    out += rows[i].blocker ? terminal::alarming(std::move(line)) : line;
  }
}

// For completions: cheap, and nothing else.
terminal::ExitCode print_names() {
  terminal::Output output;
  inspect::for_each_arena([&](const inspect::Image& image) { output.text() += image.label() + '\n'; },
                          [](const Error&) {});
  output.flush();
  return terminal::ExitCode::ok;
}

terminal::ExitCode run_list(const ListOptions& options) {
  if (options.names) return print_names();
  terminal::Verdict verdict;
  std::vector<Row> rows;
  inspect::for_each_arena(
      [&](const inspect::Image& image) {
        inspect::Facts facts = inspect::read_facts(image);
        for (const std::string& problem : facts.problems)
          terminal::note(fmt::format("'{}': {}", image.label(), problem));
        verdict.add(exit_code_of(facts));
        if (!facts.usable) return;
        rows.push_back(look_at(image, std::move(facts)));
      },
      [&](const Error& error) { terminal::note_skipped(error, verdict); });
  if (!rows.empty()) std::this_thread::sleep_for(kBetweenSamples);

  terminal::Output output;
  if (options.format.is_table()) {
    append_table(output.text(), rows);
  } else {
    terminal::ObjectLines lines(options.format);
    for (const Row& row : rows) lines.append(output.text(), object_of(row));
  }
  output.flush();
  return verdict.code();
}

}  // namespace

void add_list(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<ListOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "list",
       .summary = "List every arena on this host",
       .details = "The rate is measured over a fraction of a second. A writer is alive if it still holds its lease\n"
                  "in the kernel, and dead if it ended without giving its seat back. NEWEST is the age of the newest\n"
                  "value, as in 'arena-shm stat'; AGE is that of the arena. BLOCKED BY is the consumer for which a\n"
                  "lossless arena is full, and how long a writer has been waiting for it.",
       .example = "  arena-shm list\n"
                  "  arena-shm list --format ndjson | jq .name"},
      options, run_list);
  terminal::add_format_option(verb, options->format);
  verb.add_flag("--names", options->names, "Print only names, one per line").group("");
}

}  // namespace arena_shm::tool
