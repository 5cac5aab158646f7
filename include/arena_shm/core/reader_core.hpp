// Reading, type-erased: single values by their seq, and following.
//
// A follower has a private cursor, the next seq it wants. Each seq below it was either delivered or counted, by cause;
// cursor = first seq + read + overwritten + holes + passed over. It stores nothing into the segment but the doorbell,
// when it sleeps.
//
//   slot's stamp at the cursor      what the follower does
//   done(cursor)                    copies, looks at the stamp again (slot.hpp, R1 to R4); delivers
//   newer than busy(cursor)         lapped: counts the run that is proven overwritten, goes on behind it;
//                                   further ahead, if it is slower than the writers
//   else, head <= cursor            caught up
//   else                            settles (settle.hpp): hole, or pending; pending ones are waited for up to `hold`.
//                                   Runs of either are counted as one
//
// Each call is bounded (effort.hpp), however many seqs are lost and however many seats there are: one that is tired
// comes back without a value, and the next one goes on where it was.
//
// What proves a seq overwritten is a newer stamp in its slot, and nothing else. The distance to head proves nothing: a
// slow writer may still publish a value that is many laps old, its slot being quarantined for it meanwhile.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/effort.hpp"
#include "arena_shm/core/forked.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/settle.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// What is to be said of `seq`, whose slot does not show it. Takes a look at the seats if it has to.
ReadStatus status_of_unseen(const Segment& segment, std::uint64_t seq);

/// Copies the value of `seq` out. `take(payload words)` may run more than once, and counts only with ReadStatus::ok.
/// Cost: two loads of the stamp around the copy; where the value is not there, one settle() of this seq alone.
template <class Take>
ReadStatus read_value(const Segment& segment, std::uint64_t seq, Take&& copy_out) {
  if (seq >= kSeqLimit) return ReadStatus::not_yet;
  const Slot slot = segment.ring().slot_of(seq);
  for (int tries = 0; tries < 4; ++tries) {    // two would do, but for a peer that plays with the stamps
    const std::uint64_t stamp = slot.stamp();  // R1
    if (stamp == done(seq)) return slot.take(stamp, copy_out) ? ReadStatus::ok : ReadStatus::overwritten;
    if (is_newer(stamp, seq)) return ReadStatus::overwritten;
    const ReadStatus status = status_of_unseen(segment, seq);
    if (status != ReadStatus::ok) return status;  // ok: published meanwhile, and the stamp will show it
  }
  return ReadStatus::pending;
}

/// Thread safety: one thread at a time.
class ReaderCore {
 public:
  using Clock = std::chrono::steady_clock;

  /// Errors: Code::invalid_argument, if `from` is beyond every possible seq.
  ReaderCore(std::shared_ptr<const Segment> segment, From from, const ReaderOptions& options);
  ReaderCore(const ReaderCore&) = delete;
  ReaderCore& operator=(const ReaderCore&) = delete;
  ~ReaderCore();

  /// Destroys a reader, unless a thread waits in it, or is told of a gap; and not in exit().
  static void retire(ReaderCore* reader) noexcept {
    if (!reader->inside_.load(std::memory_order_relaxed) && !is_exiting()) delete reader;
  }
  using Owner = Retained<ReaderCore>;

  /// Takes the next value, `copy_out(payload words)` copying it: may run more than once, the last one counts.
  /// Returns its seq, or nothing when there is none to be had now, or the effort is spent. Never waits.
  /// Cost: two loads of the stamp around the copy.
  template <class Take>
  std::optional<std::uint64_t> next(Take&& copy_out) {
    Effort effort = effort_of_a_call();
    return next(copy_out, effort);
  }

  /// The same as a part of a call that takes many.
  template <class Take>
  std::optional<std::uint64_t> next(Take&& copy_out, Effort& effort) {
    for (;;) {
      if (!lap_.contains(cursor_)) [[unlikely]]
        enter_lap();
      const Slot slot = lap_.slot(cursor_);
      const std::uint64_t stamp = slot.stamp();                               // R1
      if (stamp == done(cursor_) && slot.take(stamp, copy_out)) [[likely]] {  // R2 to R4
        if (gap_open_) [[unlikely]]
          close_gap();
        ++read_;
        return cursor_++;
      }
      if (look_further(effort) != Look::again) {
        if (gap_open_) close_gap();
        return std::nullopt;
      }
    }
  }

  /// Some milliseconds' worth: what next() may do before it comes back.
  static constexpr Effort effort_of_a_call() noexcept { return Effort(kCallEffort); }

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
  };
  /// One slice of looking. Errors: Code::forked.
  Prospect prospect();
  /// Does the cursor's slot show it, or a newer one? One load; also true if only prospect() can tell.
  bool may_be_ready() const noexcept;
  /// Reports an open gap, as wait_for does when its time is over.
  void report_gap();
  /// Null: there is none that may be written.
  Doorbell* doorbell() const noexcept { return doorbell_; }
  void mark_inside(bool inside) noexcept { inside_.store(inside, std::memory_order_relaxed); }
  void join(Membership membership) noexcept { membership_ = membership; }
  bool is_in_a_set() const noexcept { return membership_.set != nullptr; }
  const std::string& name() const noexcept { return segment_->info().name; }

  /// Called for each run of lost values, before what follows it is delivered. May not use the reader.
  void on_gap(std::function<void(const Gap&)> report) { report_ = std::move(report); }

  std::uint64_t cursor() const noexcept { return cursor_; }
  std::uint64_t read_count() const noexcept { return read_; }
  std::uint64_t overwritten_count() const noexcept { return overwritten_; }
  std::uint64_t hole_count() const noexcept { return holes_; }
  std::uint64_t passed_over_count() const noexcept { return passed_over_; }
  const Ring& ring() const noexcept { return ring_; }

 private:
  enum class Look : std::uint8_t {
    ready,    ///< the cursor's slot shows it
    again,    ///< the cursor has moved, or its slot changes right now
    nothing,  ///< caught up, or held back
    tired,    ///< the effort is spent, and there may be more
  };

  /// A survey of all slots, of one who is laps behind.
  struct Survey {
    std::uint64_t cursor = kNone;  // of what it is
    std::uint64_t looked = 0;      // at so many slots
    std::uint64_t first = kNone;   // the first seq that is not proven overwritten, as far as it goes
  };

  /// Errors: Code::forked.
  [[gnu::noinline, gnu::cold]] void enter_lap();
  void report(const Gap& gap);
  /// The cursor's slot does not show it: one step towards a value.
  [[gnu::noinline, gnu::cold]] Look look_further(Effort& effort);
  /// As many steps as a slice of time allows: a fraction of a millisecond, or one scan of the seats. Never `again`.
  Look look();
  /// The cursor's stamp is newer: counts what is proven overwritten, and moves the cursor behind it.
  void lapped(Effort& effort);
  void jump_ahead();
  /// At most kSeqLimit.
  std::uint64_t head() const noexcept;
  /// The cursor's stamp is older.
  Look resolve(Effort& effort);
  Look resolve_pending(const Settlement& settlement, Effort& effort);
  Settlement settle_from_cursor(std::uint64_t end, Effort& effort);
  void lose_holes(Effort& effort);
  void pass_over_run(std::uint64_t end, Effort& effort);
  bool survey(Effort& effort) noexcept;
  void lose_up_to(std::uint64_t end, Loss cause);
  void close_gap();
  bool comes_soon() const noexcept;
  void spin(Clock::time_point deadline);
  void await_batch(Clock::time_point deadline);
  std::uint64_t count_ahead() const noexcept;

  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  static constexpr std::uint64_t kCallEffort = std::uint64_t{1} << 21;
  static constexpr std::uint64_t kSliceEffort = std::uint64_t{1} << 16;

  std::shared_ptr<const Segment> segment_;
  Ring ring_;
  ReaderOptions options_;
  Lap lap_;
  std::uint64_t cursor_;
  std::uint64_t read_ = 0;
  std::uint64_t overwritten_ = 0;
  std::uint64_t holes_ = 0;
  std::uint64_t passed_over_ = 0;

  // Being lapped: how far beyond the oldest value to go on, see jump_ahead.
  std::uint64_t skid_ = 0;
  std::uint64_t read_when_lapped_ = kNone;
  std::uint64_t head_when_lapped_ = 0;
  Survey survey_;

  // Of the seqs below this one, those that no slot shows are holes: T1 and T2 of settle.hpp are behind them.
  std::uint64_t settled_end_ = 0;
  SeqSpan holes_found_{0, 0};  // the newest run, all of it since that scan

  static constexpr std::chrono::nanoseconds kShortestBatch = std::chrono::microseconds{1};
  static constexpr std::chrono::nanoseconds kLongestBatch = std::chrono::microseconds{32};
  std::chrono::nanoseconds batch_time_ = kShortestBatch;  // Manner::throughput: how long one is let come

  // Waiting for a pending seq.
  StuckClaims stuck_;
  StuckClaims suspects_;  // what kept pending_seq_ when it was met
  StuckClaims seen_;      // what keeps the cursor, in the newest scan
  std::uint64_t pending_seq_ = kNone;
  Clock::time_point pending_since_;

  bool gap_open_ = false;
  Gap gap_;
  std::function<void(const Gap&)> report_;
  Doorbell* doorbell_;
  Sleeper sleeper_;
  Membership membership_;
  std::atomic<bool> inside_{false};  // waiting, or reporting. Relaxed: looked at in order to leave it alone
  InForkedChild forked_;
};

}  // namespace arena_shm::core
