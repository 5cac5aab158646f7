// Following the lanes of an arena in order of time: nothing comes that is older than what has come before.
//
// Within a lane, times never go back: it has one writer at a time, and the lease stands between one holder and the
// next. Across lanes, the oldest value that shows may go out when no lane that shows none can still come up with an
// older one. So each lane has a *bound*, below which no value of it lies that has not been seen: the time of its newest
// value that was, or the T of a *round* which found it empty:
//
//   M1  T := clock                      over before M2 begins: fence_after_clock
//   M2  membarrier                      all writers' stores become visible
//   M3  h := head, of every lane        acquire
//
//   what has a number >= h has a time >= T
//
// Why: a writer claims (X1), then takes its time (X2, lane_writer.hpp). If a value's X2 was over when the membarrier
// came to its processor, so was its X1, which stands before it in the program, and the barrier made it visible: M3 has
// seen it, and its number is below h. Else X2 came after the barrier, and so after M1: its time is not below T. The
// machine's part of that is in tests/model/why-the-merge-is-exact.md, with what Intel, AMD, Arm and Linux promise.
//
//   the lowest (time, lane) of all that show goes out, if (time, lane) < (bound, j) for every lane j that shows none
//   a round is made only where such a lane is in the way of a value
//   a lane in the way with a number below h: claimed and not done (settle.hpp). It is waited for, for `hold`; then the
//   lane is *set aside*: what it had claimed holds up nobody, and comes when it is published: late, if its place in the
//   order is over by then. No round is made while such a lane is in the way: it would tell nothing new
//
// Nothing is lost, and no time is guessed: an idle lane is proved to be idle.
//
// A value with a time above the clock's says that the clock has gone back, or that a peer lies: it goes out at once,
// and all bounds begin anew. Where membarrier is refused, T is a millisecond ago: what the order then rests on is that
// no store takes that long to become visible.
//
// Source: this project's own; tests/model/lanes.pml verifies it. Bounds on unseen input are as in Chandy and Misra,
// "Distributed Simulation", 1979; the tree is Knuth's, "The Art of Computer Programming" volume 3, 5.4.1.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "arena_shm/core/effort.hpp"
#include "arena_shm/core/lane_reader.hpp"
#include "arena_shm/core/prefetch.hpp"
#include "arena_shm/info.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time.
class TimeOrder {
 public:
  using Clock = LaneReader::Clock;

  /// `lanes` live as long as this, and set aside what they have waited for (Following::sets_aside).
  /// Requires: can_read(clock).
  TimeOrder(const std::vector<LaneReader*>& lanes, arena_shm::Clock clock, std::uint64_t ticks_per_second,
            std::chrono::nanoseconds between_rounds);
  TimeOrder(const TimeOrder&) = delete;
  TimeOrder& operator=(const TimeOrder&) = delete;

  /// A lane that has delivered its next value, and that value's time. Null: none has.
  struct Delivery {
    LaneReader* lane;
    std::uint64_t time;
  };

  /// Takes the next value, as LaneReader::next. Never waits; may make a round. Cost: as LaneReader::next, and twice the
  /// look at the stamp; a comparison for each doubling of the lanes. A round costs a membarrier (some microseconds, and
  /// an interrupt for each running writer), and a load for each lane.
  template <class Take>
  Delivery next(Take& copy_out, Effort& effort) {
    while (arrange(effort)) {
      Lane& lane = first();
      lane.reader->report_gap();
      const Delivery delivery{lane.reader, key(lane)};
      if (lane.reader->take(lane.ahead.slot, copy_out)) {
        delivered(lane, delivery.time);
        return delivery;
      }
      effort.spend(Effort::kSpin);  // a peer that plays with the stamps must not keep the caller for ever
      hide(lane);                   // overwritten meanwhile
    }
    return {nullptr, 0};
  }
  /// The same of what goes out most of the time, and is not late: the lane that has delivered the newest value shows
  /// its next one, not older, and the lowest of all keys is then that of a value. Else null: next() can tell.
  ///
  /// Not late: what the mover has delivered was the lowest key, and no other one has changed since.
  /// Nobody can foretell whose turn it is, and a branch that is taken wrongly costs as much as all the rest. So none
  /// depends on that, and what stands between one value and the next is short: lane, slot, time, comparison, lane.
  template <class Take>
  [[gnu::always_inline]] Delivery next_at_once(Take& copy_out) {
    constexpr Delivery kNobody{nullptr, 0};
    Lane& mover = *mover_;
    std::uint64_t time = 0;
    if (mover.ahead.slot == mover.ahead.end || !mover.reader->peek_at(mover.ahead.slot, time) || time < mover.bound)
        [[unlikely]]
      return kNobody;
    mover.shows = Shows::value;
    const Node lowest = set_key(mover, time);
    Lane& lane = *lowest.lane;
    LaneReader* const reader = lane.reader;
    std::byte* const slot = lane.ahead.slot;
    if (lane.shows != Shows::value || !reader->take(slot, copy_out)) [[unlikely]]
      return kNobody;
    lane.ahead.slot = slot + reader->ring().stride_bytes;
    prefetch_for_reading(lane.ahead.slot + reader->ring().stride_bytes);
    lane.shows = Shows::nothing;  // its key is its bound: nothing in the tree changes
    lane.bound = lowest.key;
    mover_ = &lane;
    return {reader, lowest.key};
  }
  /// Of what next() has delivered.
  bool is_late() const noexcept { return is_late_; }

  /// Is there a value that may go out? Errors: Code::forked.
  bool arrange(Effort& effort);
  /// After an arrange() that found none: how long until it is worth asking again, if nothing comes; max, if that is
  /// all.
  std::chrono::nanoseconds patience(Clock::time_point now) const noexcept;
  /// The same, of values that show and wait for the next round.
  std::chrono::nanoseconds round_patience() const noexcept;
  /// Does a lane show a value, or has it claimed one? A load for each.
  bool may_be_ready() const noexcept;
  /// The lanes have been moved elsewhere.
  void reset() noexcept;

  bool is_exact() const noexcept { return reaches_writers_ && has_kernels_clock_ && !is_broken_; }

 private:
  static constexpr std::uint64_t kBetweenChecks = 4096;  // in values: for wild ones
  static constexpr std::size_t kTop = 1;                 // of the tree

  /// What there is at a lane's cursor.
  enum class Shows : std::uint8_t { nothing, value, value_behind_a_gap };

  struct alignas(kCacheLine) Lane {
    LaneReader* reader;
    LaneReader::Stretch ahead;  // what next_at_once() may go to
    std::uint64_t bound = 0;    // no value of it that has not been seen is older, but those set aside
    std::uint64_t head = 0;     // as of the newest round
    std::uint64_t aside = 0;    // its numbers below are set aside
    std::uint64_t counted = 0;  // its read_count(), as far as it is in unchecked_
    std::uint32_t leaf;         // of the tree
    Shows shows = Shows::nothing;

    /// Has it claimed something, by the newest round, that is waited for?
    bool is_held_up() const noexcept { return std::max(reader->cursor(), aside) < head; }
  };
  struct Node {
    std::uint64_t key;
    Lane* lane;
  };

  std::span<Lane> lanes() noexcept { return {lanes_.data(), count_}; }
  std::span<const Lane> lanes() const noexcept { return {lanes_.data(), count_}; }
  Lane& nobody() noexcept { return lanes_.back(); }
  bool is_free() const noexcept { return wild_ != nullptr || lowest_[kTop]->shows != Shows::nothing; }
  /// Requires: is_free().
  Lane& first() const noexcept { return wild_ == nullptr ? *lowest_[kTop] : *wild_; }
  void settle_accounts() noexcept;
  void look_ahead(Lane& lane) noexcept;
  bool look_at(Lane& lane, Effort& effort);
  bool unblock(Effort& effort);
  void look_at_silent(Effort& effort);
  bool make_round(std::uint64_t time, Effort& effort);
  void raise_bound(Lane& lane) noexcept;
  bool find_wild(std::uint64_t now) noexcept;
  void begin_anew(std::uint64_t now) noexcept;
  void delivered(Lane& lane, std::uint64_t time) noexcept;
  void hide(Lane& lane) noexcept;

  std::uint64_t key(const Lane& lane) const noexcept { return keys_[lane.leaf]; }
  /// Returns who is the lowest then.
  [[gnu::always_inline]] Node set_key(Lane& lane, std::uint64_t key) noexcept {
    std::uint64_t* const keys = keys_.data();
    Lane** const lowest = lowest_.data();
    Node node{key, &lane};
    std::size_t i = lane.leaf;
    keys[i] = key;
    do {
      node = lower_of({keys[i ^ 1], lowest[i ^ 1]}, node);
      i /= 2;
      keys[i] = node.key;
      lowest[i] = node.lane;
    } while (i > kTop);
    return node;
  }
  __extension__ using Wide = unsigned __int128;
  /// By (key, lane). In one number, for which there is no branch.
  [[gnu::always_inline]] static Node lower_of(Node a, Node b) noexcept {
    const auto rank = [](Node node) noexcept {
      return static_cast<Wide>(node.key) << 64 | reinterpret_cast<std::uintptr_t>(node.lane);
    };
    const Wide lower = std::min(rank(a), rank(b));
    return {static_cast<std::uint64_t>(lower >> 64), reinterpret_cast<Lane*>(static_cast<std::uintptr_t>(lower))};
  }

  std::size_t count_;        // of lanes
  std::vector<Lane> lanes_;  // and behind them what fills up the tree, and nobody
  // A tree of who is lower, by (key, lane). The key of a lane is its value's time, if it shows one; else its bound. The
  // leaves are the lanes, and each other place has what is lower of the two below it.
  std::vector<std::uint64_t> keys_;
  std::vector<Lane*> lowest_;
  Lane* mover_ = nullptr;        // has delivered the newest value, and is the lowest with its bound; or nobody
  Lane* wild_ = nullptr;         // shows a value with a time that cannot be: that does not wait for its turn
  std::size_t next_silent_ = 0;  // whom look_at_silent goes on with
  arena_shm::Clock clock_;
  std::uint64_t ticks_per_second_;
  std::uint64_t ticks_between_rounds_;
  std::uint64_t round_time_ = 0;    // T
  std::uint64_t last_round_ = 0;    // in ticks, as the next
  std::uint64_t clock_looked_ = 0;  // whether the kernel still keeps time with it
  bool is_waiting_for_round_ = false;
  std::uint64_t unchecked_ = 0;  // values since the last look for wild ones
  std::uint64_t last_time_ = 0;  // with its lane, the highest that has gone out; but see settle_accounts
  const Lane* last_lane_ = nullptr;
  bool is_late_ = false;
  bool reaches_writers_ = true;
  bool has_kernels_clock_ = true;
  bool is_broken_ = false;  // the clock has gone back, or something came late that was not set aside
};

}  // namespace arena_shm::core
