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
#include <vector>

#include "arena_shm/core/effort.hpp"
#include "arena_shm/core/lane_reader.hpp"
#include "arena_shm/info.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time.
class TimeOrder {
 public:
  using Clock = LaneReader::Clock;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  /// `lanes` live as long as this, and set aside what they have waited for (Following::sets_aside).
  /// Requires: can_read(clock).
  TimeOrder(const std::vector<LaneReader*>& lanes, arena_shm::Clock clock, std::uint64_t ticks_per_second,
            std::chrono::nanoseconds between_rounds);

  /// Takes the next value, as LaneReader::next, and marks it late if it is. Returns its lane, or kNone. Never waits;
  /// may make a round. Cost: as LaneReader::next, and twice the look at the stamp; a comparison for each doubling of
  /// the lanes. A round costs a membarrier (some microseconds, and an interrupt for each running writer), and a load
  /// for each lane.
  template <class Take>
  [[gnu::always_inline]] std::uint32_t next(Take&& copy_out, Effort& effort) {
    while (arrange(effort)) {
      const std::uint32_t k = first();
      const std::uint64_t number = lanes_[k].reader->cursor();
      if (lanes_[k].reader->take(keys_[k], copy_out)) {
        delivered(k, number);
        return k;
      }
      effort.spend(Effort::kSpin);  // a peer that plays with the stamps must not keep the caller for ever
      hide(k);                      // overwritten meanwhile
    }
    return kNone;
  }

  LaneReader* reader(std::uint32_t k) const noexcept { return lanes_[k].reader; }

  /// Is there a value that may go out? Errors: Code::forked.
  [[gnu::always_inline]] bool arrange(Effort& effort) {
    // Mostly it is: the lane that has just delivered shows its next value, and then one of them is the lowest.
    while (wild_ == kNone && unchecked_ < kBetweenChecks) {
      const std::uint32_t k = tree_[1];
      if (lanes_[k].shows) return true;
      if (!show(k)) break;
    }
    return arrange_further(effort);
  }
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
  static constexpr std::uint32_t kBetweenChecks = 4096;  // in values: for wild ones

  struct Lane {
    LaneReader* reader;
    std::uint64_t bound = 0;  // no value of it that has not been seen is older, but those set aside
    std::uint64_t head = 0;   // as of the newest round
    std::uint64_t aside = 0;  // its numbers below are set aside
    bool shows = false;       // a value, at its cursor

    /// Has it claimed something, by the newest round, that is waited for?
    bool is_held_up() const noexcept { return std::max(reader->cursor(), aside) < head; }
  };

  [[gnu::always_inline]] bool is_free() const noexcept { return lanes_[tree_[1]].shows || wild_ != kNone; }
  /// Requires: is_free().
  [[gnu::always_inline]] std::uint32_t first() const noexcept { return wild_ == kNone ? tree_[1] : wild_; }
  [[gnu::noinline]] bool arrange_further(Effort& effort);
  /// False: not by one look, or not in the order of things.
  [[gnu::always_inline]] bool show(std::uint32_t k) noexcept {
    Lane& lane = lanes_[k];
    std::uint64_t time = 0;
    if (!lane.reader->peek_once(time) || time < lane.bound) return false;
    lane.shows = true;
    set_key(k, time);
    return true;
  }
  bool look_at(std::uint32_t k, Effort& effort);
  bool unblock(Effort& effort);
  void look_at_silent(Effort& effort);
  bool make_round(std::uint64_t time, Effort& effort);
  void raise_bound(std::uint32_t k) noexcept;
  bool find_wild(std::uint64_t now) noexcept;
  void begin_anew(std::uint64_t now) noexcept;
  [[gnu::always_inline]] void delivered(std::uint32_t k, std::uint64_t number) noexcept {
    Lane& lane = lanes_[k];
    const std::uint64_t time = keys_[k];
    ++unchecked_;
    if (wild_ == kNone && time > last_time_ && time >= lane.bound) [[likely]] {
      lane.reader->mark_late(false);
      last_time_ = lane.bound = time;
      last_lane_ = k;
      lane.shows = false;  // the key is the bound: nothing in the tree changes
      return;
    }
    delivered_otherwise(k, number);
  }
  void delivered_otherwise(std::uint32_t k, std::uint64_t number) noexcept;
  void hide(std::uint32_t k) noexcept;

  std::uint32_t lower_of(std::uint32_t a, std::uint32_t b) const noexcept { return keys_[b] < keys_[a] ? b : a; }
  [[gnu::always_inline]] void set_key(std::uint32_t k, std::uint64_t key) noexcept {
    keys_[k] = key;
    for (std::size_t i = (tree_.size() / 2 + k) / 2; i > 0; i /= 2) tree_[i] = lower_of(tree_[2 * i], tree_[2 * i + 1]);
  }

  std::vector<Lane> lanes_;
  // A tree of who is lower, by (key, lane): that of all is tree_[1], and the leaves are the lanes. The key of a lane is
  // its value's time, if it shows one; else its bound.
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint32_t> tree_;
  std::uint32_t wild_ = kNone;     // shows a value with a time that cannot be: that does not wait for its turn
  std::uint32_t next_silent_ = 0;  // whom look_at_silent goes on with
  arena_shm::Clock clock_;
  std::uint64_t ticks_per_second_;
  std::uint64_t ticks_between_rounds_;
  std::uint64_t round_time_ = 0;    // T
  std::uint64_t last_round_ = 0;    // in ticks, as the next
  std::uint64_t clock_looked_ = 0;  // whether the kernel still keeps time with it
  bool is_waiting_for_round_ = false;
  std::uint32_t unchecked_ = 0;  // values since the last look for wild ones
  std::uint64_t last_time_ = 0;  // with its lane, the highest that has gone out
  std::uint32_t last_lane_ = 0;
  bool reaches_writers_ = true;
  bool has_kernels_clock_ = true;
  bool is_broken_ = false;  // the clock has gone back, or something came late that was not set aside
};

}  // namespace arena_shm::core
