#include "arena_shm/core/time_order.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::uint64_t kLongestDrainPart = 1000;  // of a second: for a store to become visible without membarrier

}  // namespace

TimeOrder::TimeOrder(std::vector<LaneReader*> lanes, arena_shm::Clock clock, std::uint64_t ticks_per_second,
                     std::chrono::nanoseconds between_rounds)
    : clock_(clock),
      ticks_per_second_(ticks_per_second),
      ticks_between_rounds_(static_cast<std::uint64_t>(between_rounds.count()) * ticks_per_second /
                            kNanosecondsPerSecond),
      reaches_writers_(fence_all_writers()),
      has_kernels_clock_(is_kernels_own(clock)) {
  lanes_.reserve(lanes.size());
  for (LaneReader* reader : lanes) lanes_.push_back({.reader = reader});
  urgent_.reserve(lanes_.size());
  const std::size_t width = std::bit_ceil(std::max<std::size_t>(lanes_.size(), 2));
  keys_.resize(width);
  tree_.resize(2 * width);
  for (std::uint32_t k = 0; k < width; ++k) tree_[width + k] = k;
  reset();
}

void TimeOrder::reset() noexcept {
  for (Lane& lane : lanes_) lane = {.reader = lane.reader};
  for (std::uint32_t k = 0; k < keys_.size(); ++k) keys_[k] = k < lanes_.size() ? 0 : kHighest;
  for (std::size_t i = keys_.size() - 1; i > 0; --i) tree_[i] = lower_of(tree_[2 * i], tree_[2 * i + 1]);
  urgent_.clear();
  round_time_ = 0;
  is_waiting_for_round_ = false;
  last_time_ = 0;
  last_lane_ = 0;
  is_late_ = false;
}

bool TimeOrder::arrange_further(Effort& effort) {
  is_waiting_for_round_ = false;
  // While all lanes show values, nothing else would ever ask about one whose time cannot be.
  if (unchecked_ >= kBetweenChecks && find_wild(read_clock(clock_))) return true;
  for (;;) {
    if (!urgent_.empty()) return true;
    const std::uint32_t k = tree_[1];
    if (lanes_[k].shows) return true;
    if (effort.is_spent()) return false;
    if (look_at(k, effort)) continue;
    if (!unblock(effort)) return false;
  }
}

/// Of one that shows none. True: it shows one now.
bool TimeOrder::look_at(std::uint32_t k, Effort& effort) {
  Lane& lane = lanes_[k];
  std::uint64_t time = 0;
  const LaneReader::Look look = lane.reader->peek(time, effort);
  const std::uint64_t cursor = lane.reader->cursor();
  if (look == LaneReader::Look::overdue && lane.aside <= cursor)
    lane.aside = lane.head > cursor ? lane.head : cursor + lane.reader->count_ahead();
  lane.shows = look == LaneReader::Look::ready;
  if (lane.shows && cursor < lane.aside) {
    urgent_.push_back(k);
  } else if (lane.shows) {
    if (time < lane.bound) is_broken_ = true;  // within a lane, or below what was proved of it
    set_key(k, time);
  } else {
    raise_bound(k);
  }
  return lane.shows;
}

/// Requires: it shows none.
void TimeOrder::raise_bound(std::uint32_t k) noexcept {
  Lane& lane = lanes_[k];
  if (lane.bound >= round_time_ || std::max(lane.reader->cursor(), lane.aside) < lane.head) return;
  lane.bound = round_time_;
  set_key(k, lane.bound);
}

/// The lane whose turn it is shows no value. True: there is something that may go out.
bool TimeOrder::unblock(Effort& effort) {
  const auto is_free = [&] { return !urgent_.empty() || lanes_[tree_[1]].shows; };
  look_at_silent(effort);
  if (is_free()) return true;
  if (effort.is_spent() || std::ranges::none_of(lanes_, &Lane::shows)) return false;
  const std::uint64_t now = read_clock(clock_);  // M1
  fence_after_clock();
  return find_wild(now) || (make_round(now, effort) && is_free());
}

void TimeOrder::look_at_silent(Effort& effort) {
  for (std::uint32_t k = 0; k < lanes_.size() && !effort.is_spent(); ++k) {
    if (!lanes_[k].shows && lanes_[k].reader->is_behind()) look_at(k, effort);
  }
}

bool TimeOrder::make_round(std::uint64_t time, Effort& effort) {
  is_waiting_for_round_ = time - last_round_ < ticks_between_rounds_;
  if (is_waiting_for_round_) return false;
  last_round_ = time;
  ARENA_SHM_STOP_POINT(round_begun);
  if (reaches_writers_) reaches_writers_ = fence_all_writers();  // M2
  if (!reaches_writers_) time -= std::min(time, ticks_per_second_ / kLongestDrainPart);
  for (Lane& lane : lanes_) lane.head = lane.reader->head();  // M3
  round_time_ = time;
  for (std::uint32_t k = 0; k < lanes_.size(); ++k) {
    Lane& lane = lanes_[k];
    if (lane.shows) continue;
    if (lane.head > lane.reader->cursor() && !effort.is_spent())
      look_at(k, effort);
    else
      raise_bound(k);
  }
  if (time - clock_looked_ >= ticks_per_second_) {
    clock_looked_ = time;
    has_kernels_clock_ = is_kernels_own(clock_);
  }
  return true;
}

/// Does a lane show a value with a time that the clock has not come to?
bool TimeOrder::find_wild(std::uint64_t now) noexcept {
  unchecked_ = 0;
  for (std::uint32_t k = 0; k < lanes_.size(); ++k) {
    if (!lanes_[k].shows || lanes_[k].is_wild || keys_[k] <= now) continue;
    begin_anew(k, now);
    return true;
  }
  return false;
}

void TimeOrder::begin_anew(std::uint32_t k, std::uint64_t now) noexcept {
  is_broken_ = true;
  last_time_ = 0;
  last_lane_ = 0;
  round_time_ = 0;
  for (std::uint32_t j = 0; j < lanes_.size(); ++j) {
    Lane& lane = lanes_[j];
    if (lane.bound > now) lane.bound = 0;
    if (!lane.shows) set_key(j, lane.bound);
  }
  lanes_[k].is_wild = true;
  urgent_.push_back(k);
}

void TimeOrder::hide(std::uint32_t k) noexcept {
  Lane& lane = lanes_[k];
  lane.shows = false;
  lane.is_wild = false;
  if (!urgent_.empty() && urgent_.back() == k) urgent_.pop_back();
  set_key(k, lane.bound);
}

void TimeOrder::delivered(std::uint32_t k, std::uint64_t number) noexcept {
  Lane& lane = lanes_[k];
  const std::uint64_t time = lane.reader->time();
  ++unchecked_;
  is_late_ = lane.is_wild || time < last_time_ || (time == last_time_ && k < last_lane_);
  if (is_late_) {
    is_broken_ = is_broken_ || number >= lane.aside;
  } else {
    last_time_ = time;
    last_lane_ = k;
  }
  if (!lane.is_wild) lane.bound = std::max(lane.bound, time);
  if (urgent_.empty() && number >= lane.aside && lane.bound == keys_[k]) {
    lane.shows = false;  // the key is as it was: nothing in the tree changes
    return;
  }
  hide(k);
}

std::chrono::nanoseconds TimeOrder::patience(Clock::time_point now) const noexcept {
  auto shortest = std::chrono::nanoseconds::max();
  for (const Lane& lane : lanes_) {
    if (!lane.shows && lane.aside <= lane.reader->cursor()) shortest = std::min(shortest, lane.reader->patience(now));
  }
  return shortest;
}

std::chrono::nanoseconds TimeOrder::round_patience() const noexcept {
  if (!is_waiting_for_round_) return std::chrono::nanoseconds::max();
  const std::uint64_t over = std::min(read_clock(clock_) - last_round_, ticks_between_rounds_);
  return std::chrono::nanoseconds((ticks_between_rounds_ - over) * kNanosecondsPerSecond / ticks_per_second_);
}

bool TimeOrder::may_be_ready() const noexcept {
  return std::ranges::any_of(lanes_, [](const Lane& lane) { return lane.shows || lane.reader->is_behind(); });
}

}  // namespace arena_shm::core
