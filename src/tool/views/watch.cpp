#include "tool/views/watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "arena_shm/core/segment.hpp"
#include "arena_shm/error.hpp"
#include "inspect/arenas.hpp"
#include "inspect/times.hpp"
#include "schema/restart_text.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "text/time_text.hpp"
#include "tool/views/damage.hpp"
#include "tool/views/name_pattern.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

namespace {

using Clock = std::chrono::steady_clock;

// A file system may give the inode of one that is gone to the next: then the epoch differs.
bool is_same(const Watched& arena, const inspect::Image& image) {
  if (arena.name != image.label() || arena.device != image.device() || arena.inode != image.inode()) return false;
  core::Header header{};
  return !arena.facts.usable || !image.load(0, header) || header.epoch == arena.facts.header.epoch;
}

}  // namespace

std::optional<Rates> rates_of(const Watched& arena) noexcept {
  if (!arena.before) return std::nullopt;
  const Sample& before = *arena.before;
  Rates rates;
  rates.elapsed = arena.now.at - before.at;
  if (rates.elapsed.count() <= 0) return std::nullopt;
  rates.values_per_second = inspect::rate(before.counters.values, arena.now.counters.values, rates.elapsed);
  rates.bytes_per_second = rates.values_per_second * static_cast<double>(arena.facts.info.record.size_bytes);
  // Holes use up slots too.
  const double numbers_per_second = inspect::fastest_rate(before.heads, arena.now.heads, rates.elapsed);
  if (numbers_per_second > 0) rates.lap_seconds = static_cast<double>(arena.slots_of_lane()) / numbers_per_second;
  return rates;
}

Watch::Watch(const std::vector<std::string>& names, Say say, Absent absent) : say_(std::move(say)), absent_(absent) {
  for (const std::string& name : names) {
    if (is_pattern(name)) {
      patterns_.push_back(name);
      continue;
    }
    std::string checked = core::checked_name(name);
    if (std::find(names_.begin(), names_.end(), checked) == names_.end()) names_.push_back(std::move(checked));
  }
}

void Watch::sample() {
  std::vector<Watched> arenas;
  const auto look = [&](const inspect::Image& image) { this->look(image, arenas); };
  if (names_.empty() || !patterns_.empty()) look_around(arenas);
  std::vector<Error> refused;
  if (is_first_) refused = refuse_without_match(arenas);
  for (const std::string& name : names_) {
    if (std::any_of(arenas.begin(), arenas.end(), [&](const Watched& arena) { return arena.name == name; })) continue;
    try {
      look(inspect::Image::of_arena(name));
    } catch (const Error& error) {
      if (is_first_) {
        refused.push_back(error);
      } else if (error.code() != Code::not_found) {
        skip(error, arenas);
      }
    }
  }
  if (absent_ == Absent::is_an_error)
    say_refused(refused, arenas.empty());
  else
    say_absent(refused);
  for (const Watched& left : arenas_) {
    if (left.facts.usable) remember(left);
    if (std::none_of(arenas.begin(), arenas.end(), [&](const Watched& arena) { return arena.name == left.name; }))
      say_gone(left);
  }
  for (const Watched& arena : arenas) say_restarted(arena);
  arenas_ = std::move(arenas);
  is_first_ = false;
}

// One that was named is looked for at each sample.
void Watch::say_gone(const Watched& arena) {
  const bool is_named = std::find(names_.begin(), names_.end(), arena.name) != names_.end();
  say_(fmt::format("'{}' is gone{}", arena.name, is_named ? "; waiting for a new one" : ""));
}

// Only the last ones: there may be ever new names.
void Watch::remember(const Watched& gone) {
  std::erase_if(gone_, [&](const Gone& other) { return other.name == gone.name; });
  gone_.push_back({.name = gone.name, .epoch = gone.facts.info.epoch});
  if (gone_.size() > kMostGone) gone_.pop_front();
}

void Watch::say_restarted(const Watched& arena) {
  const auto before =
      std::find_if(gone_.begin(), gone_.end(), [&](const Gone& gone) { return gone.name == arena.name; });
  if (before == gone_.end()) return;
  const Info& info = arena.facts.info;
  if (arena.facts.usable && info.epoch != before->epoch)
    say_(schema::describe(arena.name, {.before = before->epoch, .now = info.epoch, .created_ns = info.created_ns}));
  gone_.erase(before);
}

void Watch::say_absent(const std::vector<Error>& refused) const {
  for (const Error& error : refused) {
    if (error.code() != Code::not_found) throw error;
    say_(fmt::format("waiting for an arena '{}'", error.name()));
  }
}

bool Watch::is_wanted(const std::string& name) const {
  return patterns_.empty() || std::any_of(patterns_.begin(), patterns_.end(),
                                          [&](const std::string& pattern) { return matches(pattern, name); });
}

// At all that there are.
void Watch::look_around(std::vector<Watched>& arenas) {
  inspect::for_each_arena(
      [&](const inspect::Image& image) {
        if (is_wanted(image.label())) look(image, arenas);
      },
      [&](const Error& error) {
        if (is_wanted(error.name())) skip(error, arenas);
      });
}

std::vector<Error> Watch::refuse_without_match(const std::vector<Watched>& arenas) const {
  std::vector<Error> refused;
  for (const std::string& pattern : patterns_) {
    if (std::any_of(arenas.begin(), arenas.end(), [&](const Watched& arena) { return matches(pattern, arena.name); }))
      continue;
    refused.emplace_back(Code::not_found, ErrorParts{.name = pattern,
                                                     .doing = "find",
                                                     .expected = "an arena whose name matches",
                                                     .found = "none",
                                                     .remedy = "to list the arenas: arena-shm list"});
  }
  return refused;
}

void Watch::say_refused(const std::vector<Error>& refused, bool is_all) {
  for (const Error& error : refused) {
    if (is_all && &error == &refused.back()) throw error;
    say_(error_text(error));
    verdict_.add(terminal::exit_code_of(error.code()));
  }
}

void Watch::look(const inspect::Image& image, std::vector<Watched>& arenas) {
  Watched arena = adopt(image);
  take_sample(arena, image);
  skipped_.erase(arena.name);
  arenas.push_back(std::move(arena));
}

// One that was watched before stays what it was: it is not gone.
void Watch::skip(const Error& error, std::vector<Watched>& arenas) {
  verdict_.add_skipped(error);
  if (skipped_.insert(error.name()).second) say_(terminal::skipped_text(error));
  const auto known =
      std::find_if(arenas_.begin(), arenas_.end(), [&](const Watched& arena) { return arena.name == error.name(); });
  if (known == arenas_.end()) return;
  arenas.push_back(std::move(*known));
  arenas_.erase(known);
}

std::size_t Watch::readable_count() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(arenas_.begin(), arenas_.end(), [](const Watched& arena) { return arena.readable; }));
}

// The one that is watched already, which then is no longer in arenas_; or a new one.
Watched Watch::adopt(const inspect::Image& image) {
  const auto known =
      std::find_if(arenas_.begin(), arenas_.end(), [&](const Watched& arena) { return is_same(arena, image); });
  if (known != arenas_.end()) {
    Watched arena = std::move(*known);
    arenas_.erase(known);
    return arena;
  }
  inspect::Facts facts = inspect::read_facts(image);
  for (const std::string& problem : facts.problems) say_(fmt::format("'{}': {}", image.label(), problem));
  verdict_.add(exit_code_of(facts));
  const bool readable = facts.usable && facts.head.has_value();
  return {.name = image.label(),
          .device = image.device(),
          .inode = image.inode(),
          .facts = std::move(facts),
          .readable = readable};
}

void Watch::take_sample(Watched& arena, const inspect::Image& image) {
  if (!arena.readable) return;
  Sample sample{.at = Clock::now(),
                .realtime_ns = text::realtime_ns(),
                .counters = inspect::read_counters(image, arena.facts.header)};
  auto heads = inspect::read_heads(image, arena.facts.header);
  // The seats lie behind the head.
  const core::Region& seats = arena.facts.header.seats;
  if (!heads || image.size_bytes() < seats.offset_bytes + seats.size_bytes) {
    arena.readable = false;
    arena.facts.problems.emplace_back("expected a segment of constant size, found that its file was cut off");
    say_(fmt::format("'{}': {}", arena.name, arena.facts.problems.back()));
    verdict_.add(exit_code_of(arena.facts));
    return;
  }
  sample.heads = std::move(*heads);
  sample.newest_age_ns = inspect::newest_age_ns(image, arena.facts, sample.heads,
                                                inspect::read_newest_times(image, arena.facts.header, sample.heads));
  if (arena.is_lossless())
    sample.blocker = find_blocker(image, arena.facts.header, inspect::read_seats(image, arena.facts.header));
  const bool is_new = arena.now.at == Clock::time_point{};
  if (!is_new) arena.before = std::move(arena.now);
  const bool changed =
      !is_new && (!(arena.before->heads == sample.heads) || !(arena.before->counters == sample.counters));
  if (is_new || changed) arena.changed = sample.at;
  arena.ever_changed = arena.ever_changed || changed;
  arena.now = std::move(sample);
}

bool wait_until(Clock::time_point then, const std::function<void()>& meanwhile) {
  const std::chrono::milliseconds kLongestSleep{
      meanwhile ? 2 : 50};  // until a signal, or a closed pipe, is looked for again
  while (!terminal::stop_requested()) {
    terminal::Output::check_open();
    if (meanwhile) meanwhile();
    const Clock::time_point now = Clock::now();
    if (now >= then) return true;
    std::this_thread::sleep_for(std::min<Clock::duration>(then - now, kLongestSleep));
  }
  return false;
}

Clock::time_point next_tick(Clock::time_point then, Clock::duration interval, Clock::time_point now) noexcept {
  const Clock::time_point next = then + interval;
  return next - now >= interval / 2 ? next : now + interval;
}

}  // namespace arena_shm::tool
