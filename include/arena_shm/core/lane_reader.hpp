// Following one ring, or one lane: a cursor, and what becomes of the values that it comes to. The numbers here are
// those within the lane (ring.hpp).
//
// A follower has a private cursor, the number of the next value it wants. Each one below it was either delivered or
// counted, by cause; cursor = first + read + overwritten + holes + passed over. It stores nothing into the segment.
//
//   slot's stamp at the cursor      what the follower does
//   done(cursor)                    copies, looks at the stamp again (slot.hpp, R1 to R4); delivers
//   newer than busy(cursor)         lapped: counts the run that is proven overwritten, goes on behind it;
//                                   further ahead, if it is slower than the writers
//   else, head <= cursor            caught up
//   else                            settles (settle.hpp): hole, or pending; pending ones are waited for up to `hold`.
//                                   Runs of either are counted as one
//
// Each call is bounded (effort.hpp), however many values are lost and however many seats there are: one that is tired
// comes back without a value, and the next one goes on where it was.
//
// What proves a value overwritten is a newer stamp in its slot, and nothing else. The distance to head proves nothing:
// a slow writer may still publish a value that is many laps old, its slot being quarantined for it meanwhile; and of a
// lane, head is beyond all of a batch that has just begun.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "arena_shm/core/effort.hpp"
#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/settle.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// A consumer, as its reader sees it (consumer_core.hpp).
class Attendance {
 public:
  /// Has something come of the values that it goes without?
  virtual bool has_something() = 0;
  /// Does it go without any?
  virtual bool is_waiting() const noexcept = 0;
  /// Has it something that is done with when it is found to have nothing else?
  virtual bool has_something_in_hand() const noexcept = 0;
  /// The reader has gone on behind this number, which is still to come.
  virtual void goes_without(std::uint64_t number) = 0;
  /// The reader has nothing to deliver.
  virtual void is_idle() = 0;

 protected:
  ~Attendance() = default;
};

/// What the lanes of one reader have in common.
struct Following {
  std::shared_ptr<const Segment> segment;
  std::chrono::nanoseconds hold;           ///< never negative
  std::function<void(const Gap&)> report;  ///< of each run of lost values
  bool sets_aside;                         ///< what was waited for in vain is not passed over: the lane is overdue
  Attendance* attendance = nullptr;        ///< of a consumer: nothing is passed over
  std::atomic<bool> inside{false};         ///< waiting, or reporting. Relaxed: looked at in order to leave it alone
};

/// Thread safety: one thread at a time.
class alignas(kCacheLine) LaneReader {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  /// A value that has been taken: its number, and its time (0 in an arena without times). kNone: none has been. (An
  /// optional would be put together in memory, and read from there before it has arrived.)
  struct Taken {
    std::uint64_t number;
    std::uint64_t time;
  };

  enum class Look : std::uint8_t {
    ready,    ///< the cursor's slot shows it
    again,    ///< the cursor has moved, or its slot changes right now
    nothing,  ///< caught up, or held back
    tired,    ///< the effort is spent, and there may be more
    overdue,  ///< held back for longer than `hold`, of one that sets aside
  };

  /// Requires: cursor <= ring.limit.
  LaneReader(const Ring& ring, Following& following, std::uint64_t cursor) noexcept
      : cursor_(cursor), lap_(ring), following_(&following) {}

  /// Takes the next value, `copy_out(payload words)` copying it: may run more than once, the last one counts.
  /// Returns kNone when there is none to be had now, or the effort is spent. Never waits.
  /// Cost: two loads of the stamp around the copy.
  template <class Take>
  [[gnu::always_inline]] Taken next(Take&& copy_out, Effort& effort) {
    for (;;) {
      if (!lap_.contains(cursor_)) [[unlikely]]
        enter_lap();
      const Slot slot = lap_.slot(cursor_);
      const std::uint64_t stamp = slot.stamp();  // R1
      std::uint64_t time = 0;
      if (ring().is_timed()) [[unlikely]]
        time = slot.time();                                                   // R2
      if (stamp == done(cursor_) && slot.take(stamp, copy_out)) [[likely]] {  // R2 to R4
        if (gap_open_) [[unlikely]]
          report_gap();
        ++read_;
        return {cursor_++, time};
      }
      if (look_further(effort) != Look::again) {
        report_gap();
        return {kNone, 0};
      }
    }
  }

  // For TimeOrder: to look at a value, and to take it, are apart.

  /// The cursor's slot, and the one behind those that follow it one by one. Empty: look further first.
  struct Stretch {
    std::byte* slot = nullptr;
    std::byte* end = nullptr;
  };
  /// Of at most so many slots.
  Stretch stretch(std::uint64_t most) const noexcept;
  /// Is the cursor's value there, in its slot? And its time.
  [[gnu::always_inline]] bool peek_at(std::byte* slot, std::uint64_t& time) const noexcept {
    const Slot at = slot_at(slot);
    const std::uint64_t stamp = at.stamp();                                                 // R1
    time = at.time();                                                                       // R2
    return stamp == done(cursor_) && at.take(stamp, [](const std::uint64_t*) noexcept {});  // R3, R4
  }
  /// The same, and goes on to the next one that is there, as next() does. Never `again`.
  Look peek(std::uint64_t& time, Effort& effort);
  /// Takes the value that is there, out of its slot. False: it has been overwritten meanwhile.
  /// Requires: no gap is open.
  template <class Take>
  [[gnu::always_inline]] bool take(std::byte* slot, Take& copy_out) noexcept {
    const std::uint64_t number = cursor_;
    if (!slot_at(slot).take(done(number), copy_out)) return false;  // R1 was peek's; R2 to R4
    ++read_;
    cursor_ = number + 1;
    return true;
  }

  /// Some milliseconds' worth: what next() may do before it comes back.
  static constexpr Effort effort_of_a_call() noexcept { return Effort(kCallEffort); }

  /// What one slice of looking at so many lanes may take.
  static constexpr Effort effort_of_a_slice(std::uint64_t lanes) noexcept {
    return Effort(std::min(kSliceEffort * lanes, kCallEffort));
  }

  /// As many steps as a slice of time allows: a fraction of a millisecond, or one scan of the seats. Never `again`.
  /// Errors: Code::forked.
  Look look();
  /// After a look that found nothing: how long the value at the cursor is still waited for; max, if there is none.
  std::chrono::nanoseconds patience(Clock::time_point now) const noexcept;
  /// Does the cursor's slot show it, or a newer one? One load; also true if only look() can tell.
  bool may_be_ready() const noexcept;
  /// Has the next value been handed out? One load of head, the writers' hottest line. Relaxed: next() looks again.
  bool is_behind() const noexcept { return ring().head->load(std::memory_order_relaxed) > cursor_; }
  /// Looks at the cursor's slot for a microsecond, and at nothing else. True: it shows the value, or a newer one.
  bool comes_soon() const noexcept;
  /// The next number to be handed out, at most the ring's limit. Acquire: T1, M3.
  std::uint64_t head() const noexcept;
  /// Values that have been handed out, and not read.
  std::uint64_t count_ahead() const noexcept;
  /// Reports the run of lost values that is open, if one is.
  void report_gap();
  /// Goes elsewhere. The counters go on: the distance is neither read nor lost. Requires: number <= ring().limit; no
  /// gap is open.
  void seek(std::uint64_t number) noexcept;
  /// In a forked child: whatever comes next is refused.
  void close() noexcept { lap_.close(); }

  std::uint64_t cursor() const noexcept { return cursor_; }
  bool has_open_gap() const noexcept { return gap_open_; }
  /// All below it has been delivered, or reported.
  [[gnu::always_inline]] std::uint64_t told_end() const noexcept { return gap_open_ ? gap_.first : cursor_; }
  std::uint64_t read_count() const noexcept { return read_; }
  std::uint64_t overwritten_count() const noexcept { return overwritten_; }
  std::uint64_t hole_count() const noexcept { return holes_; }
  std::uint64_t passed_over_count() const noexcept { return passed_over_; }
  const Ring& ring() const noexcept { return lap_.ring(); }

 private:
  /// A survey of all slots, of one who is laps behind.
  struct Survey {
    std::uint64_t cursor = kNone;  // of what it is
    std::uint64_t looked = 0;      // at so many slots
    std::uint64_t first = kNone;   // the first number that is not proven overwritten, as far as it goes
  };

  [[gnu::always_inline]] Slot slot_at(std::byte* slot) const noexcept {
    return {slot, static_cast<std::size_t>(ring().payload_offset_bytes)};
  }
  /// Errors: Code::forked.
  [[gnu::noinline, gnu::cold]] void enter_lap();
  /// The cursor's slot does not show it: one step towards a value.
  [[gnu::noinline, gnu::cold]] Look look_further(Effort& effort);
  /// The cursor's stamp, this one, is newer: counts what is proven overwritten, and moves the cursor behind it.
  void lapped(std::uint64_t stamp, Effort& effort);
  void jump_ahead(std::uint64_t begun);
  /// The cursor's stamp is older.
  Look resolve(Effort& effort);
  Look resolve_pending(const Settlement& settlement, Effort& effort);
  Settlement settle_from_cursor(std::uint64_t end, Effort& effort);
  void lose_holes(Effort& effort);
  Look pass_over_run(std::uint64_t end, Effort& effort);
  void pass_over(std::uint64_t end);
  bool may_pass_over(Effort& effort) const noexcept;
  bool survey(Effort& effort) noexcept;
  void lose_up_to(std::uint64_t end, Loss cause);
  void report(const Gap& gap);

  static constexpr std::uint64_t kCallEffort = std::uint64_t{1} << 21;
  static constexpr std::uint64_t kSliceEffort = std::uint64_t{1} << 16;

  // On one line with the pointer to head, which lap_ begins with: all that is looked at of a lane that is idle.
  std::uint64_t cursor_;
  Lap lap_;
  Following* following_;
  std::uint64_t read_ = 0;
  std::uint64_t overwritten_ = 0;
  std::uint64_t holes_ = 0;
  std::uint64_t passed_over_ = 0;

  // Being lapped: how far beyond the oldest value to go on, see jump_ahead.
  std::uint64_t skid_ = 0;
  std::uint64_t read_when_lapped_ = kNone;
  std::uint64_t head_when_lapped_ = 0;
  Survey survey_;

  // Of the numbers below this one, those that no slot shows are holes: T1 and T2 of settle.hpp are behind them.
  std::uint64_t settled_end_ = 0;
  SeqSpan holes_found_{0, 0};  // the newest run, all of it since that scan

  // Waiting for a pending value.
  StuckClaims stuck_;
  StuckClaims suspects_;  // what kept pending_ when it was met
  StuckClaims seen_;      // what keeps the cursor, in the newest scan
  std::uint64_t pending_ = kNone;
  Clock::time_point pending_since_;

  bool gap_open_ = false;
  Gap gap_;
};

}  // namespace arena_shm::core
