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
    : clock_(clock),
      ticks_per_second_(ticks_per_second),
      ticks_between_rounds_(static_cast<std::uint64_t>(between_rounds.count()) * ticks_per_second / kNsPerSecond),
      reaches_writers_(lanes.size() == 1 || fence_all_writers()),
      has_kernels_clock_(is_kernels_own(clock)) {
  lanes_.reserve(lanes.size());
  for (LaneReader* reader : lanes) lanes_.push_back({.reader = reader});
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
  wild_ = kNone;
  round_time_ = 0;
  is_waiting_for_round_ = false;
  last_time_ = 0;
  last_lane_ = 0;
}

bool TimeOrder::arrange_further(Effort& effort) {
  is_waiting_for_round_ = false;
  // While all lanes show values, nothing else would ever ask about one whose time cannot be.
  if (unchecked_ >= kBetweenChecks && find_wild(read_clock(clock_))) return true;
  while (!is_free()) {
    if (effort.is_spent()) return false;
    const std::uint32_t k = tree_[1];
    if (look_at(k, effort) || tree_[1] != k) continue;
    if (!unblock(effort)) return false;
  }
  return true;
}

/// Of one that shows none. True: it shows one now.
bool TimeOrder::look_at(std::uint32_t k, Effort& effort) {
  Lane& lane = lanes_[k];
  std::uint64_t time = 0;
  const LaneReader::Look look = lane.reader->peek(time, effort);
  const std::uint64_t cursor = lane.reader->cursor();
  if (look == LaneReader::Look::overdue)
    lane.aside = std::max(lane.aside, lane.head > cursor ? lane.head : cursor + lane.reader->count_ahead());
  lane.shows = look == LaneReader::Look::ready;
  if (!lane.shows) {
    raise_bound(k);
    return false;
  }
  if (time < lane.bound && cursor >= lane.aside) {
    is_broken_ = true;            // within a lane, or below what was proved of it
    unchecked_ = kBetweenChecks;  // who may be to blame is what came before: the clock is asked soon
  }
  set_key(k, time);
  return true;
}

/// Requires: it shows none.
void TimeOrder::raise_bound(std::uint32_t k) noexcept {
  Lane& lane = lanes_[k];
  if (lane.bound >= round_time_ || lane.is_held_up()) return;
  lane.bound = round_time_;
  set_key(k, lane.bound);
}

/// The lane whose turn it is shows no value. True: there is something that may go out.
bool TimeOrder::unblock(Effort& effort) {
  look_at_silent(effort);
  if (is_free()) return true;
  if (std::ranges::none_of(lanes_, &Lane::shows)) return false;
  const std::uint64_t now = read_clock(clock_);  // M1
  fence_after_clock();
  if (find_wild(now)) return true;
  return !lanes_[tree_[1]].is_held_up() && make_round(now, effort) && is_free();
}

/// Goes on where the call before has spent its effort: many that are pending must not hide those behind them.
void TimeOrder::look_at_silent(Effort& effort) {
  for (std::size_t left = lanes_.size(); left > 0 && !effort.is_spent(); --left) {
    const std::uint32_t k = next_silent_;
    next_silent_ = k + 1 == lanes_.size() ? 0 : k + 1;
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
    if (lanes_[k].shows) continue;
    raise_bound(k);
    if (lanes_[k].is_held_up() && !effort.is_spent()) look_at(k, effort);
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
  for (std::uint32_t k = 0; k < lanes_.size(); ++k) {
    if (lanes_[k].shows && keys_[k] > now && (wild_ == kNone || keys_[k] < keys_[wild_])) wild_ = k;
  }
  if (wild_ != kNone || last_time_ > now) begin_anew(now);
  return wild_ != kNone;
}

void TimeOrder::begin_anew(std::uint64_t now) noexcept {
  is_broken_ = true;
  round_time_ = 0;
  if (last_time_ > now) last_time_ = last_lane_ = 0;
  for (std::uint32_t k = 0; k < lanes_.size(); ++k) {
    Lane& lane = lanes_[k];
    if (lane.bound > now) lane.bound = 0;
    if (!lane.shows) set_key(k, lane.bound);
  }
}

void TimeOrder::hide(std::uint32_t k) noexcept {
  Lane& lane = lanes_[k];
  lane.shows = false;
  if (wild_ == k) wild_ = kNone;
  set_key(k, lane.bound);
}

void TimeOrder::delivered_otherwise(std::uint32_t k, std::uint64_t number) noexcept {
  Lane& lane = lanes_[k];
  const std::uint64_t time = lane.reader->time();
  const bool is_wild = wild_ == k;
  const bool is_late = is_wild || time < last_time_ || (time == last_time_ && k < last_lane_);
  lane.reader->mark_late(is_late);
  if (is_late) {
    is_broken_ = is_broken_ || number >= lane.aside;
  } else {
    last_time_ = time;
    last_lane_ = k;
  }
  if (!is_wild) lane.bound = std::max(lane.bound, time);
  if (!is_wild && lane.bound == keys_[k]) {
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
  return std::chrono::nanoseconds((ticks_between_rounds_ - over) * kNsPerSecond / ticks_per_second_);
}

bool TimeOrder::may_be_ready() const noexcept {
  return std::ranges::any_of(lanes_, [](const Lane& lane) { return lane.shows || lane.reader->is_behind(); });
}

}  // namespace arena_shm::core
