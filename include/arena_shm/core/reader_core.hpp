// Following, type-erased: the lanes of an arena by turns, and waiting for what comes. An arena without lanes is one.
//
// In Order::time, see time_order.hpp. In that of arrival, each lane is followed for itself (lane_reader.hpp): its
// values come in their order, and one that is claimed and not done, or lost, holds up its own lane only. A reader stays
// with a lane while that has values, for a long run: to turn to another one takes cache misses, to look whether it has
// something a load of its head. It stores nothing into the segment but the doorbell, when it sleeps.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/effort.hpp"
#include "arena_shm/core/forked.hpp"
#include "arena_shm/core/lane_reader.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/time_order.hpp"
#include "arena_shm/core/waitable.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time.
class ReaderCore final : public Waitable {
 public:
  using Clock = LaneReader::Clock;

  /// Errors: Code::invalid_argument, if `from` is beyond every possible seq, or not a position in this arena; forked.
  ReaderCore(std::shared_ptr<const Segment> segment, From from, const ReaderOptions& options);
  ReaderCore(std::shared_ptr<const Segment> segment, const Position& from, const ReaderOptions& options);
  ReaderCore(const ReaderCore&) = delete;
  ReaderCore& operator=(const ReaderCore&) = delete;
  ~ReaderCore();

  /// Destroys a reader, unless a thread waits in it, or is told of a gap; and not in exit().
  static void retire(ReaderCore* reader) noexcept {
    if (!reader->is_inside() && !is_exiting()) delete reader;
  }
  using Owner = Retained<ReaderCore>;

  static constexpr std::uint64_t kNone = LaneReader::kNone;

  /// A value that has been taken: its seq, and its time (0 in an arena without times). kNone: none has been.
  struct Taken {
    std::uint64_t seq;
    std::uint64_t time;
  };

  /// Takes the next value, `copy_out(payload words)` copying it: may run more than once, the last one counts.
  /// Returns kNone when there is none to be had now, or the effort is spent. Never waits.
  /// Cost: two loads of the stamp around the copy; where a lane has none, a load for each other lane.
  template <class Take>
  [[gnu::always_inline]] Taken next(Take&& copy_out) {
    Effort effort = effort_of_a_call();
    return next(copy_out, effort);
  }

  /// The same as a part of a call that takes many.
  template <class Take>
  [[gnu::always_inline]] Taken next(Take&& copy_out, Effort& effort) {
    if (is_plain_) [[likely]] {
      const auto [number, time] = first_.next(copy_out, effort);
      return {number, time};
    }
    if (by_time_) return next_by_time(std::remove_cvref_t<Take>(copy_out), effort);
    if (mine_->cursor() < run_end_) [[likely]] {
      if (const auto taken = mine_->next(copy_out, effort); taken.number != kNone) [[likely]]
        return {mine_->ring().seq_of(taken.number), taken.time};
    }
    return next_of_others(copy_out, effort);
  }

  /// Some milliseconds' worth: what next() may do before it comes back.
  static constexpr Effort effort_of_a_call() noexcept { return LaneReader::effort_of_a_call(); }

  /// Waits until next() has something to deliver, for at most `timeout`; looks once, if that is not above zero. True:
  /// it had, a moment ago.
  bool wait_for(std::chrono::nanoseconds timeout);

  // Waitable.

  /// One slice of looking at each lane. Errors: Code::forked.
  Prospect prospect() override;
  /// Does a lane show a value, or has it claimed one? One load for each; also true if only prospect() can tell.
  bool may_be_ready() const noexcept override;
  /// Reports open gaps, as wait_for does when its time is over.
  void report_gap() override;
  Doorbell* doorbell() const noexcept override { return doorbell_; }
  void mark_inside(bool inside) noexcept override { following_.inside.store(inside, std::memory_order_relaxed); }
  const std::string& name() const noexcept override { return following_.segment->info().name; }

  /// The same of the lanes alone, whatever its consumer goes without.
  bool lanes_may_be_ready() const noexcept { return others_.empty() ? first_.may_be_ready() : is_behind(); }
  /// A loss that its consumer has found.
  void report(const Gap& gap);
  /// From now on it reads for a consumer, which outlives it.
  void attend(Attendance& attendance) noexcept { following_.attendance = &attendance; }
  bool is_inside() const noexcept { return following_.inside.load(std::memory_order_relaxed); }
  /// The next number it wants of a lane. Requires: k < lane_count().
  [[gnu::always_inline]] std::uint64_t lane_cursor(std::uint32_t k) const noexcept {
    return k == 0 ? first_.cursor() : others_[k - 1].cursor();
  }
  /// All below it, of that lane, has been delivered, or reported. Requires: k < lane_count().
  [[gnu::always_inline]] std::uint64_t lane_told_end(std::uint32_t k) const noexcept {
    return k == 0 ? first_.told_end() : others_[k - 1].told_end();
  }
  /// The lane of the value that next() has delivered.
  [[gnu::always_inline]] std::uint32_t lane_delivered() const noexcept {
    return is_plain_ ? 0 : mine_->ring().first_seat;
  }

  /// Called for each run of lost values, before what follows it in its lane is delivered. May not use the reader.
  void on_gap(std::function<void(const Gap&)> report) { following_.report = std::move(report); }

  /// Goes elsewhere; the counters go on. Errors: as the constructors.
  void seek(From from);
  void seek(const Position& position);
  /// Errors: Code::invalid_argument, if there is no such position in this arena.
  void require_place(const Position& position) const;

  /// Of the value that next() has delivered: does it come after newer ones? Never true in Order::arrival.
  [[gnu::always_inline]] bool is_late() const noexcept { return is_late_; }
  /// Order::time: is it certain that all that is older and not marked has come before?
  bool is_exact() const noexcept { return by_time_ && by_time_->is_exact(); }
  std::uint64_t payload_bytes() const noexcept { return first_.ring().payload_bytes; }
  std::uint32_t lane_count() const noexcept { return lane_count_; }
  /// Requires: k < lane_count().
  LaneCounts counts(std::uint32_t k) const noexcept;

  Position position() const;
  /// The next seq it wants; of several lanes, the lowest.
  std::uint64_t cursor() const noexcept;
  /// Values that have been handed out, and that it has neither delivered nor counted.
  std::uint64_t lag() const noexcept;
  std::uint64_t read_count() const noexcept { return sum(&LaneReader::read_count); }
  std::uint64_t overwritten_count() const noexcept { return sum(&LaneReader::overwritten_count); }
  std::uint64_t hole_count() const noexcept { return sum(&LaneReader::hole_count); }
  std::uint64_t passed_over_count() const noexcept { return sum(&LaneReader::passed_over_count); }

 private:
  ReaderCore(std::shared_ptr<const Segment> segment, const ReaderOptions& options);
  void order_by_time();

  LaneReader& lane(std::uint32_t k) noexcept { return k == 0 ? first_ : others_[k - 1]; }
  const LaneReader& lane(std::uint32_t k) const noexcept { return k == 0 ? first_ : others_[k - 1]; }
  std::uint64_t sum(std::uint64_t (LaneReader::*count)() const noexcept) const noexcept;
  std::uint64_t fullest_lane() const noexcept;
  /// True: it has something.
  bool look_at(LaneReader& one, Prospect& all);
  bool comes_soon() const noexcept;
  bool is_behind() const noexcept;
  void spin(Clock::time_point deadline);
  void await_batch(Clock::time_point deadline);
  [[noreturn]] void refuse_place(std::string expected, std::string found) const;

  template <class Take>
  [[gnu::noinline]] Taken next_by_time(Take copy_out, Effort& effort) {
    const auto [lane, time] = by_time_->next_at_once(copy_out);
    if (lane == nullptr) [[unlikely]]
      return search_by_time(copy_out, effort);
    is_late_ = false;
    mine_ = lane;
    return {lane->ring().seq_of(lane->cursor() - 1), time};
  }
  template <class Take>
  [[gnu::noinline, gnu::cold]] Taken search_by_time(Take copy_out, Effort& effort) {
    const auto [lane, time] = by_time_->next(copy_out, effort);
    is_late_ = by_time_->is_late();
    if (lane == nullptr) {
      report_gap();
      return {kNone, 0};
    }
    mine_ = lane;
    return {lane->ring().seq_of(lane->cursor() - 1), time};
  }
  Prospect prospect_of_lanes();
  Prospect prospect_by_time();

  /// Goes round once, from the next lane on to the one whose turn it was.
  template <class Take>
  [[gnu::noinline]] Taken next_of_others(Take& copy_out, Effort& effort) {
    run_end_ = 0;
    for (std::uint32_t left = lane_count_; !effort.is_spent() && turn_to_next(left);) {
      if (const auto taken = mine_->next(copy_out, effort); taken.number != kNone) {
        run_end_ = taken.number + longest_run_;
        return {mine_->ring().seq_of(taken.number), taken.time};
      }
    }
    return {kNone, 0};
  }
  /// Turns to the next lane that has claimed something, at most `left` lanes further, and takes what it went from that.
  /// False: none of them has.
  bool turn_to_next(std::uint32_t& left) noexcept;
  void turn_to(std::uint32_t k) noexcept;
  /// Has this lane claimed something since it had its turn?
  bool has_news(std::uint32_t k) const noexcept {
    return seats_[k].hi.load(std::memory_order_relaxed) > cursors_[k];  // next() looks again, with acquire
  }

  static constexpr std::chrono::nanoseconds kShortestBatch = std::chrono::microseconds{1};
  static constexpr std::chrono::nanoseconds kLongestBatch = std::chrono::microseconds{32};

  // Whose turn it is, and beside it what tells of all others whether they have something: a line for each lane that is
  // idle, and an eighth of one.
  std::uint32_t lane_count_;
  std::uint32_t turn_ = 0;
  std::uint64_t run_end_ = 0;  // where the run of its values ends
  Following following_;
  std::chrono::nanoseconds batch_time_ = kShortestBatch;  // Manner::throughput: how long one is let come
  Doorbell* doorbell_;
  Manner manner_;
  bool is_plain_;                   // one ring, in its own order
  bool is_late_ = false;            // what has been delivered
  std::vector<LaneReader> others_;  // of a laned arena
  LaneReader first_;
  LaneReader* mine_ = &first_;
  const Seat* seats_;
  std::vector<std::uint64_t> cursors_;  // of those whose turn it is not
  std::uint64_t longest_run_;
  std::optional<TimeOrder> by_time_;  // Order::time
  Sleeper sleeper_;
  InForkedChild forked_;
};

}  // namespace arena_shm::core
