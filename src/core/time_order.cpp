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
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kLongestDrainPart = 1000;  // of a second: for a store to become visible without membarrier

}  // namespace

TimeOrder::TimeOrder(const std::vector<LaneReader*>& lanes, arena_shm::Clock clock, std::uint64_t ticks_per_second,
                     std::chrono::nanoseconds between_rounds)
    : count_(lanes.size()),
      clock_(clock),
      ticks_per_second_(ticks_per_second),
      ticks_between_rounds_(static_cast<std::uint64_t>(between_rounds.count()) * ticks_per_second / kNsPerSecond),
      reaches_writers_(lanes.size() == 1 || fence_all_writers()),
      has_kernels_clock_(is_kernels_own(clock)) {
  const std::size_t width = std::bit_ceil(std::max<std::size_t>(count_, 2));
  lanes_.resize(width + 1);
  keys_.resize(2 * width);
  lowest_.resize(2 * width);
  for (std::size_t k = 0; k < width; ++k) {
    lanes_[k].reader = k < count_ ? lanes[k] : nullptr;
    lanes_[k].leaf = static_cast<std::uint32_t>(width + k);
    lowest_[width + k] = &lanes_[k];
    keys_[width + k] = kHighest;
  }
  reset();
}

void TimeOrder::reset() noexcept {
  for (Lane& lane : lanes()) {
    lane = {.reader = lane.reader, .ahead = {}, .counted = lane.counted, .leaf = lane.leaf};
    look_ahead(lane);
    keys_[lane.leaf] = 0;
  }
  for (std::size_t i = keys_.size() / 2 - 1; i > 0; --i) {
    const Node lower = lower_of({keys_[2 * i], lowest_[2 * i]}, {keys_[2 * i + 1], lowest_[2 * i + 1]});
    keys_[i] = lower.key;
    lowest_[i] = lower.lane;
  }
  mover_ = &nobody();
  wild_ = nullptr;
  round_time_ = 0;
  is_waiting_for_round_ = false;
  last_time_ = 0;
  last_lane_ = nullptr;
}

/// What next_at_once() has delivered, it leaves to be taken down here.
void TimeOrder::settle_accounts() noexcept {
  if (mover_ == &nobody()) return;
  last_time_ = mover_->bound;
  last_lane_ = mover_;
  mover_ = &nobody();
}

bool TimeOrder::arrange(Effort& effort) {
  settle_accounts();
  is_waiting_for_round_ = false;
  // While all lanes show values, nothing else would ever ask about one whose time cannot be.
  if (unchecked_ >= kBetweenChecks && find_wild(read_clock(clock_))) return true;
  while (!is_free()) {
    if (effort.is_spent()) return false;
    Lane* const lowest = lowest_[kTop];
    if (look_at(*lowest, effort) || lowest_[kTop] != lowest) continue;
    if (!unblock(effort)) return false;
  }
  return true;
}

/// So far, but no further than a look at the clock is due, it may go by next_at_once().
void TimeOrder::look_ahead(Lane& lane) noexcept {
  unchecked_ += lane.reader->read_count() - std::exchange(lane.counted, lane.reader->read_count());
  lane.ahead = lane.reader->stretch(kBetweenChecks);
}

/// Of one that shows none. True: it shows one now.
bool TimeOrder::look_at(Lane& lane, Effort& effort) {
  std::uint64_t time = 0;
  const LaneReader::Look look = lane.reader->peek(time, effort);
  look_ahead(lane);
  const std::uint64_t cursor = lane.reader->cursor();
  if (look == LaneReader::Look::overdue)
    lane.aside = std::max(lane.aside, lane.head > cursor ? lane.head : cursor + lane.reader->count_ahead());
  if (look != LaneReader::Look::ready) {
    raise_bound(lane);
    return false;
  }
  lane.shows = lane.reader->has_open_gap() ? Shows::value_behind_a_gap : Shows::value;
  if (time < lane.bound && cursor >= lane.aside) {
    is_broken_ = true;            // within a lane, or below what was proved of it
    unchecked_ = kBetweenChecks;  // who may be to blame is what came before: the clock is asked soon
  }
  set_key(lane, time);
  return true;
}

/// Requires: it shows none.
void TimeOrder::raise_bound(Lane& lane) noexcept {
  if (lane.bound >= round_time_ || lane.is_held_up()) return;
  lane.bound = round_time_;
  set_key(lane, lane.bound);
}

/// The lane whose turn it is shows no value. True: there is something that may go out.
bool TimeOrder::unblock(Effort& effort) {
  look_at_silent(effort);
  if (is_free()) return true;
  if (std::ranges::all_of(lanes(), [](const Lane& lane) { return lane.shows == Shows::nothing; })) return false;
  const std::uint64_t now = read_clock(clock_);  // M1
  fence_after_clock();
  if (find_wild(now)) return true;
  return !lowest_[kTop]->is_held_up() && make_round(now, effort) && is_free();
}

/// Goes on where the call before has spent its effort: many that are pending must not hide those behind them.
void TimeOrder::look_at_silent(Effort& effort) {
  for (std::size_t left = count_; left > 0 && !effort.is_spent(); --left) {
    Lane& lane = lanes_[next_silent_];
    next_silent_ = next_silent_ + 1 == count_ ? 0 : next_silent_ + 1;
    if (lane.shows == Shows::nothing && lane.reader->is_behind()) look_at(lane, effort);
  }
}

bool TimeOrder::make_round(std::uint64_t time, Effort& effort) {
  is_waiting_for_round_ = time - last_round_ < ticks_between_rounds_;
  if (is_waiting_for_round_) return false;
  last_round_ = time;
  ARENA_SHM_STOP_POINT(round_begun);
  if (reaches_writers_) reaches_writers_ = fence_all_writers();  // M2
  if (!reaches_writers_) time -= std::min(time, ticks_per_second_ / kLongestDrainPart);
  for (Lane& lane : lanes()) lane.head = lane.reader->head();  // M3
  round_time_ = time;
  for (Lane& lane : lanes()) {
    if (lane.shows != Shows::nothing) continue;
    raise_bound(lane);
    if (lane.is_held_up() && !effort.is_spent()) look_at(lane, effort);
  }
  if (time - clock_looked_ >= ticks_per_second_) {
    clock_looked_ = time;
    has_kernels_clock_ = is_kernels_own(clock_);
  }
  return true;
}

/// Does a lane show a value with a time that the clock has not come to? Of several, the oldest is the next one.
bool TimeOrder::find_wild(std::uint64_t now) noexcept {
  unchecked_ = 0;
  for (Lane& lane : lanes()) {
    if (lane.shows == Shows::nothing || key(lane) <= now) continue;
    if (wild_ == nullptr || key(lane) < key(*wild_)) wild_ = &lane;
  }
  if (wild_ != nullptr || last_time_ > now) begin_anew(now);
  return wild_ != nullptr;
}

void TimeOrder::begin_anew(std::uint64_t now) noexcept {
  is_broken_ = true;
  round_time_ = 0;
  if (last_time_ > now) {
    last_time_ = 0;
    last_lane_ = nullptr;
  }
  for (Lane& lane : lanes()) {
    if (lane.bound > now) lane.bound = 0;
    if (lane.shows == Shows::nothing) set_key(lane, lane.bound);
  }
}

void TimeOrder::hide(Lane& lane) noexcept {
  lane.shows = Shows::nothing;
  look_ahead(lane);
  if (wild_ == &lane) wild_ = nullptr;
  set_key(lane, lane.bound);
}

void TimeOrder::delivered(Lane& lane, std::uint64_t time) noexcept {
  const bool is_wild = wild_ == &lane;
  is_late_ = is_wild || time < last_time_ || (time == last_time_ && &lane < last_lane_);
  if (is_late_) {
    is_broken_ = is_broken_ || lane.reader->cursor() > lane.aside;
  } else {
    last_time_ = time;
    last_lane_ = &lane;
  }
  if (!is_wild) lane.bound = std::max(lane.bound, time);
  hide(lane);
  if (!is_late_ && lane.bound == time && unchecked_ < kBetweenChecks) mover_ = &lane;
}

std::chrono::nanoseconds TimeOrder::patience(Clock::time_point now) const noexcept {
  auto shortest = std::chrono::nanoseconds::max();
  for (const Lane& lane : lanes()) {
    if (lane.shows == Shows::nothing && lane.aside <= lane.reader->cursor())
      shortest = std::min(shortest, lane.reader->patience(now));
  }
  return shortest;
}

std::chrono::nanoseconds TimeOrder::round_patience() const noexcept {
  if (!is_waiting_for_round_) return std::chrono::nanoseconds::max();
  const std::uint64_t over = std::min(read_clock(clock_) - last_round_, ticks_between_rounds_);
  return std::chrono::nanoseconds((ticks_between_rounds_ - over) * kNsPerSecond / ticks_per_second_);
}

bool TimeOrder::may_be_ready() const noexcept {
  return std::ranges::any_of(lanes(),
                             [](const Lane& lane) { return lane.shows != Shows::nothing || lane.reader->is_behind(); });
}

}  // namespace arena_shm::core
