// Following, type-erased: the lanes of an arena by turns, and waiting for what comes. An arena without lanes is one.
//
// Each lane is followed for itself (lane_reader.hpp): its values come in their order, and one that is claimed and not
// done, or lost, holds up its own lane only. A reader stays with a lane while that has values, for a long run: to turn
// to another one takes cache misses, to look whether it has something a load of its head. It stores nothing into the
// segment but the doorbell, when it sleeps.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/effort.hpp"
#include "arena_shm/core/forked.hpp"
#include "arena_shm/core/lane_reader.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/core/segment.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time.
class ReaderCore {
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
    if (!reader->following_.inside.load(std::memory_order_relaxed) && !is_exiting()) delete reader;
  }
  using Owner = Retained<ReaderCore>;

  /// Takes the next value, `copy_out(payload words)` copying it: may run more than once, the last one counts.
  /// Returns its seq, or nothing when there is none to be had now, or the effort is spent. Never waits.
  /// Cost: two loads of the stamp around the copy; where a lane has none, a load for each other lane.
  template <class Take>
  std::optional<std::uint64_t> next(Take&& copy_out) {
    Effort effort = effort_of_a_call();
    return next(copy_out, effort);
  }

  /// The same as a part of a call that takes many.
  template <class Take>
  [[gnu::always_inline]] std::optional<std::uint64_t> next(Take&& copy_out, Effort& effort) {
    if (others_.empty()) [[likely]]
      return first_.next(copy_out, effort);
    return next_of_lanes(copy_out, effort);
  }

  /// Some milliseconds' worth: what next() may do before it comes back.
  static constexpr Effort effort_of_a_call() noexcept { return LaneReader::effort_of_a_call(); }

  /// Waits until next() has something to deliver, for at most `timeout`; looks once, if that is not above zero. True:
  /// it had, a moment ago.
  bool wait_for(std::chrono::nanoseconds timeout);

  // For who waits for several readers at once (wait_set_core.hpp).

  /// The set that it is in, which it leaves when it is destroyed.
  struct Membership {
    void* set = nullptr;
    void (*leave)(void* set, ReaderCore& reader) noexcept = nullptr;
  };
  struct Prospect {
    bool is_ready = false;                                                ///< next() has something to deliver
    bool is_tired = false;                                                ///< it may have; ask again
    std::chrono::nanoseconds patience = std::chrono::nanoseconds::max();  ///< else: sleep no longer than that

    bool is_idle() const noexcept { return !is_ready && !is_tired; }
  };
  /// One slice of looking at each lane. Errors: Code::forked.
  Prospect prospect();
  /// Does a lane show a value, or has it claimed one? One load for each; also true if only prospect() can tell.
  bool may_be_ready() const noexcept;
  /// Reports open gaps, as wait_for does when its time is over.
  void report_gap();
  /// Null: there is none that may be written.
  Doorbell* doorbell() const noexcept { return doorbell_; }
  void mark_inside(bool inside) noexcept { following_.inside.store(inside, std::memory_order_relaxed); }
  void join(Membership membership) noexcept { membership_ = membership; }
  bool is_in_a_set() const noexcept { return membership_.set != nullptr; }
  const std::string& name() const noexcept { return following_.segment->info().name; }

  /// Called for each run of lost values, before what follows it in its lane is delivered. May not use the reader.
  void on_gap(std::function<void(const Gap&)> report) { following_.report = std::move(report); }

  /// Goes elsewhere; the counters go on. Errors: as the constructors.
  void seek(From from);
  void seek(const Position& position);

  std::uint64_t payload_bytes() const noexcept { return first_.ring().payload_bytes; }
  std::uint32_t lane_count() const noexcept { return static_cast<std::uint32_t>(others_.size()) + 1; }
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

  LaneReader& lane(std::uint32_t k) noexcept { return k == 0 ? first_ : others_[k - 1]; }
  const LaneReader& lane(std::uint32_t k) const noexcept { return k == 0 ? first_ : others_[k - 1]; }
  std::uint64_t sum(std::uint64_t (LaneReader::*count)() const noexcept) const noexcept;
  std::uint64_t fullest_lane() const noexcept;
  bool comes_soon() const noexcept;
  bool is_behind() const noexcept;
  void spin(Clock::time_point deadline);
  void await_batch(Clock::time_point deadline);
  [[noreturn]] void refuse_place(std::string expected, std::string found) const;

  /// Goes round once, from the lane whose turn it is.
  template <class Take>
  [[gnu::noinline]] std::optional<std::uint64_t> next_of_lanes(Take& copy_out, Effort& effort) {
    for (std::uint32_t turns = 0; turns <= lane_count(); ++turns) {
      if (run_ > 0) {
        LaneReader& mine = lane(turn_);
        if (const auto number = mine.next(copy_out, effort)) {
          --run_;
          return mine.ring().seq_of(*number);
        }
        run_ = 0;
        if (effort.is_spent()) break;
      }
      turn_ = turn_ + 1 == lane_count() ? 0 : turn_ + 1;
      if (lane(turn_).is_behind()) run_ = longest_run_;
    }
    return std::nullopt;
  }

  static constexpr std::chrono::nanoseconds kShortestBatch = std::chrono::microseconds{1};
  static constexpr std::chrono::nanoseconds kLongestBatch = std::chrono::microseconds{32};

  Following following_;
  LaneReader first_;
  std::vector<LaneReader> others_;  // of a laned arena
  std::uint32_t turn_ = 0;
  std::uint64_t run_ = 0;  // values that the lane whose turn it is may still deliver
  std::uint64_t longest_run_;
  Manner manner_;
  std::chrono::nanoseconds batch_time_ = kShortestBatch;  // Manner::throughput: how long one is let come
  Doorbell* doorbell_;
  Sleeper sleeper_;
  Membership membership_;
  InForkedChild forked_;
};

}  // namespace arena_shm::core
