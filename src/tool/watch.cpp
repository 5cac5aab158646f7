#include "tool/watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <thread>
#include <utility>

#include "arena_shm/core/segment.hpp"
#include "arena_shm/error.hpp"
#include "tool/names.hpp"
#include "tool/output.hpp"
#include "tool/signals.hpp"

namespace arena_shm::tool {

namespace {

using Clock = std::chrono::steady_clock;

bool is_same_file(const inspect::Image& a, const inspect::Image& b) {
  return a.label() == b.label() && a.device() == b.device() && a.inode() == b.inode();
}

}  // namespace

Rates rates_of(const Watched& arena) noexcept {
  const Sample none{};
  const Sample& before = arena.before ? *arena.before : none;
  Rates rates;
  rates.elapsed =
      arena.before ? arena.now.at - before.at : time_between(arena.facts.info.created_ns, arena.now.realtime_ns);
  rates.elapsed = std::max(rates.elapsed, std::chrono::nanoseconds(0));
  if (rates.elapsed.count() == 0) return rates;
  rates.values_per_second = inspect::rate(before.counters.values, arena.now.counters.values, rates.elapsed);
  rates.bytes_per_second = rates.values_per_second * static_cast<double>(arena.facts.info.record.size_bytes);
  // Holes use up slots too.
  const double numbers_per_second = inspect::rate(before.head, arena.now.head, rates.elapsed);
  if (numbers_per_second > 0) rates.lap_seconds = static_cast<double>(arena.slots()) / numbers_per_second;
  return rates;
}

Watch::Watch(const std::vector<std::string>& names, Say say) : say_(std::move(say)) {
  for (const std::string& name : names) {
    std::string checked = core::checked_name(name);
    if (std::find(names_.begin(), names_.end(), checked) == names_.end()) names_.push_back(std::move(checked));
  }
}

void Watch::sample() {
  std::vector<Watched> arenas;
  for (inspect::Image& image : find()) take_sample(arenas.emplace_back(adopt(std::move(image))));
  for (const Watched& left : arenas_) {
    const bool replaced = std::any_of(arenas.begin(), arenas.end(),
                                      [&](const Watched& arena) { return arena.image.label() == left.image.label(); });
    say_(fmt::format("'{}' {}", left.image.label(), replaced ? "was removed and made anew" : "is gone"));
  }
  arenas_ = std::move(arenas);
  is_first_ = false;
}

std::size_t Watch::readable_count() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(arenas_.begin(), arenas_.end(), [](const Watched& arena) { return arena.readable; }));
}

std::vector<inspect::Image> Watch::find() {
  std::vector<inspect::Image> found;
  if (names_.empty()) {
    std::vector<std::string> unreadable;
    found = live_arenas(&unreadable);
    for (const std::string& name : unreadable) {
      if (unreadable_.insert(name).second) say_(fmt::format("skipped '{}': no permission to read it", name));
    }
    return found;
  }
  for (const std::string& name : names_) {
    try {
      found.push_back(inspect::Image::of_arena(name));
    } catch (const Error&) {
      if (is_first_) throw;
    }
  }
  return found;
}

// The one that is watched already, which then is no longer in arenas_; or a new one.
Watched Watch::adopt(inspect::Image image) {
  const auto known = std::find_if(arenas_.begin(), arenas_.end(),
                                  [&](const Watched& arena) { return is_same_file(arena.image, image); });
  if (known != arenas_.end()) {
    Watched arena = std::move(*known);
    arenas_.erase(known);
    return arena;
  }
  inspect::Facts facts = inspect::read_facts(image);
  for (const std::string& problem : facts.problems) say_(fmt::format("'{}': {}", image.label(), problem));
  const bool readable = facts.usable && facts.head.has_value();
  return {.image = std::move(image), .facts = std::move(facts), .readable = readable};
}

void Watch::take_sample(Watched& arena) const {
  if (!arena.readable) return;
  Sample sample{.at = Clock::now(),
                .realtime_ns = realtime_ns(),
                .counters = inspect::read_counters(arena.image, arena.facts.header)};
  const auto head = inspect::read_head(arena.image, arena.facts.header);
  // The seats lie behind the head.
  const core::Region& seats = arena.facts.header.seats;
  if (!head || arena.image.size_bytes() < seats.offset_bytes + seats.size_bytes) {
    arena.readable = false;
    arena.facts.problems.emplace_back("expected a segment of constant size, found its file cut short");
    say_(fmt::format("'{}': {}", arena.image.label(), arena.facts.problems.back()));
    return;
  }
  sample.head = *head;
  const bool is_new = arena.now.at == Clock::time_point{};
  if (!is_new) arena.before = arena.now;
  const bool changed = !is_new && (arena.before->head != sample.head || !(arena.before->counters == sample.counters));
  if (is_new || changed) arena.changed = sample.at;
  arena.ever_changed = arena.ever_changed || changed;
  arena.now = sample;
}

bool wait_until(Clock::time_point then) {
  constexpr std::chrono::milliseconds kLongestSleep{50};  // until a signal, or a closed pipe, is looked for again
  while (!stop_requested()) {
    Output::check_open();
    const Clock::time_point now = Clock::now();
    if (now >= then) return true;
    std::this_thread::sleep_for(std::min<Clock::duration>(then - now, kLongestSleep));
  }
  return false;
}

std::string check_interval(const std::string& text) {
  constexpr double kShortest = 0.01;
  constexpr double kLongest = 86400;
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size() && seconds >= kShortest && seconds <= kLongest) {
    return "";
  }
  return fmt::format("expected seconds from {} to {}, found '{}'", kShortest, kLongest, text);
}

}  // namespace arena_shm::tool
