// stat: what the counters of arenas say, once or at intervals.
#include "tool/verbs/stat.hpp"

#include <algorithm>
#include <functional>
#include <limits>

#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/signals.hpp"
#include "tool/verbs/await_arena.hpp"
#include "tool/verbs/filter_option.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/match_rates.hpp"
#include "tool/views/stat_lines.hpp"
#include "tool/views/watch.hpp"

namespace arena_shm::tool {

namespace {

using SteadyClock = std::chrono::steady_clock;

// As vmstat: a count alone is one line a second, an interval alone goes on until interrupted, neither is one line.
std::uint64_t line_count(const StatOptions& options) {
  if (options.count) return *options.count;
  return options.interval_seconds ? std::numeric_limits<std::uint64_t>::max() : 1;
}

// Of those that were named, none is there, rather than that each is damaged.
bool can_come_back(const Watch& watch) { return watch.arenas().empty(); }

terminal::ExitCode code_of(const Watch& watch, const StatOptions& options) {
  const bool is_absent = !options.names.empty() && watch.readable_count() == 0 && !terminal::stop_requested();
  return is_absent && watch.code() == terminal::ExitCode::ok ? terminal::ExitCode::absent : watch.code();
}

}  // namespace

terminal::ExitCode print_stat(const StatOptions& options) {
  terminal::catch_stop_signals();
  const auto lines = stat_lines(options.format, options.quote_int64, options.where.has_value());
  const auto interval = std::chrono::duration_cast<SteadyClock::duration>(
      std::chrono::duration<double>(options.interval_seconds.value_or(1)));
  Watch watch(options.names, terminal::note, options.waits ? Watch::Absent::is_waited_for : Watch::Absent::is_an_error);
  std::optional<MatchRates> matches;
  if (options.where) matches.emplace(*options.where, terminal::note);
  std::function<void()> meanwhile;
  if (matches) meanwhile = [&] { matches->read(); };
  terminal::Output output;
  std::uint64_t left = line_count(options);
  if (left == 0) return terminal::ExitCode::ok;
  watch.sample();
  if (matches) matches->follow(watch.arenas());
  SteadyClock::time_point next = SteadyClock::now() + std::min<SteadyClock::duration>(interval, kFirstInterval);
  bool has_come = !options.waits || options.names.empty();
  while (left > 0) {
    const bool is_none = !options.names.empty() && watch.readable_count() == 0;
    if (is_none && !can_come_back(watch)) break;
    if (!wait_until(next, meanwhile)) break;
    watch.sample();
    std::vector<Watched> arenas = watch.arenas();
    if (matches) {
      matches->put_rates(arenas);
      matches->follow(arenas);
    }
    lines->append(output.text(), arenas);
    output.flush();
    has_come = has_come || watch.readable_count() > 0;
    next = next_tick(next, interval, SteadyClock::now());
    if (has_come) --left;  // of what is waited for, the lines count from then on
  }
  return code_of(watch, options);
}

void add_stat(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<StatOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "stat",
       .summary = "Print counters and rates of arenas, once or at intervals",
       .details =
           "An arena that is removed and created anew is watched on: that it was restarted is said, with the time and\n"
           "the epochs of both. Rates are averages over the interval. In the first line they are measured over a "
           "fraction of a second,\n"
           "as in 'arena-shm list'. LAP is the time in which the ring is overwritten once; in a laned arena,\n"
           "the fastest lane. SKIPPED counts the sequence numbers that living writers gave up. HOLES also counts\n"
           "those that dead writers left without a value; it is a range if the exact number is not known. CHANGED\n"
           "is how long ago a counter last changed; <5s means less than 5 seconds ago, >5s means more. NEWEST is\n"
           "the age of the newest value: by its time field if the schema names one, else by the time that is\n"
           "stored with each value ('arena-shm create --time'). BLOCKED BY is the consumer for which a lossless\n"
           "arena is full, and how long a writer has been waiting for it.\n"
           "With --where, MATCH/s is the rate of the values that match; stat then reads the values. What it loses, as\n"
           "writers are faster, is taken to match as often as the rest.",
       .example = "  arena-shm stat\n"
                  "  arena-shm stat ticks -i 1s -n 10\n"
                  "  arena-shm stat ticks -i 1s --where 'px > 100.5'\n"
                  "  arena-shm stat -i 10s --format influx"},
      options, print_stat);
  verb.add_option("NAME", options->names, "Names of arenas, or patterns like 'tick*' (default: all)").type_name("");
  verb.add_option("-i,--interval", options->interval_seconds,
                  "Print a line for each arena every TIME, like 500ms, until interrupted")
      .type_name("TIME")
      .check(terminal::interval());
  verb.add_option("-n,-c,--count", options->count, "Stop after N lines for each arena (default interval: 1s)")
      .type_name("N")
      .check(terminal::count());
  add_wait_option(verb, options->waits);
  add_where_option(verb, options->where);
  verb.add_option("--format", options->format, "table, ndjson (json is the same), csv or influx")
      .type_name("FORMAT")
      .check(terminal::one_of({"table", "ndjson", "json", "csv", "influx"}));
  terminal::add_int64_option(verb, options->quote_int64);
}

}  // namespace arena_shm::tool
