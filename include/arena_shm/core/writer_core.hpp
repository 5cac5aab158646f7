// Writing, type-erased: the protocol by which any number of writers share one ring without waiting for each other.
//
// A writer holds a seat. What the seat's claim word says:
//
//   idle(l)      --W1-->  claiming(l)  --W2-->  writing(seq)  --publish-->  idle(seq + 1)
//                              ^                     |
//                              +---- skip: claiming(seq + 1)
//
//   W1  claim := claiming(l)                     release   l = own last seq + 1
//   W2  seq := head.fetch_add(1)                 acq_rel
//   W2' claim := writing(seq)                    release
//   W3  stamp of seq's slot == done(seq - slots)?  acquire   no: the slow path, take_or_skip
//   S1..S4 publish (slot.hpp)
//   W4  claim := idle(seq + 1)                   release
//   W5  ring the doorbell (doorbell.hpp)
//
// Ordering pairs
//   W1 -> T1   (settle.hpp) W2's release half: who sees head > seq sees claiming(l), or a later word of this seat.
//   W2 -> W2   each fetch_add reads from the one before, and is acq_rel: who gets a later seq sees the claims of all
//   who
//              got an earlier one. head is only ever changed by read-modify-write, so the release sequence never
//              breaks.
//   S4 -> W3   who finds done(seq - slots) comes after everything that was stored in that slot before.
//   W4 -> T2   who sees a claim that has moved on sees what was published under it. All stores to a claim are
//              releases, for same-thread stores are no release sequence in C++20.
//
// Invariant: at most one living writer is in a slot. The writer of seq touches it on the fast path only if the stamp is
// exactly done(seq - slots). Then nobody else is in it: an older one has finished, or was settled before seq - slots
// took the slot (induction); a newer one waits for exactly done(seq), or is on the slow path, where it sees this claim,
// W1 and W2 having come before its own W2.
//
// Slow path. The chain of the slot is broken: somebody older is still inside, or died, or skipped. If another seat's
// claim blocks seq (stamp.hpp) and its lease is held, the slot is quarantined: seq is skipped and becomes a hole, for a
// stopped writer's late stores cannot be fenced off. Otherwise every older writer of the slot has finished, skipped or
// died, and the slot is taken, whatever its stamp says. Nothing is ever repaired.
//
// Exclusive arenas: one seat. Its claim is idle(h), h being the head at which this holder began. No read-modify-write:
//   X1  head := seq + 1    release    S1..S4 publish    W5 ring
//   X1 -> settle's T2: who sees head > seq + 1 sees what became of seq.
//
// Source: the protocol is this project's own. It is verified by the models in tests/model.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/seat.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time.
class WriterCore {
 public:
  /// Takes a seat. Errors: as SeatHold.
  WriterCore(std::shared_ptr<const Segment> segment, std::string_view holder);
  WriterCore(const WriterCore&) = delete;
  WriterCore& operator=(const WriterCore&) = delete;

  const Ring& ring() const noexcept { return ring_; }
  const SeatHold& hold() const noexcept { return hold_; }

  /// Publishes one value, `fill(payload words)` storing it; waits while every slot is quarantined.
  /// Returns its seq. Errors: Code::exhausted, corrupt, reentered; nothing has been published then.
  template <class Fill>
  std::uint64_t alloc(Fill&& fill) {
    return *write(std::forward<Fill>(fill), true);
  }

  /// The same, but empty where alloc would wait.
  template <class Fill>
  std::optional<std::uint64_t> try_alloc(Fill&& fill) {
    return write(std::forward<Fill>(fill), false);
  }

  /// Publishes `count` > 0 values in order, `fill(i, payload words)` storing the i-th, with one fetch_add per at most a
  /// lap of values. Errors: as alloc; the values before have then been published.
  template <class Fill>
  SeqRange alloc_batch(std::size_t count, Fill&& fill) {
    Inside inside(*this);
    SeqRange range;
    for (std::size_t written = 0; written < count;) {
      if (ring_.exclusive) {
        const std::uint64_t seq = write_exclusive([&](std::uint64_t* payload) noexcept { fill(written, payload); });
        if (written == 0) range.first = seq;
        range.last = seq;
        ++written;
      } else {
        write_range(written, count, fill, range);
      }
    }
    range.count = count;
    return range;
  }

 private:
  /// Marks the writer as in use, against re-entry, and leaves the claim idle whatever happens.
  class Inside {
   public:
    explicit Inside(WriterCore& writer) : writer_(writer) {
      if (writer.inside_) [[unlikely]]
        refuse_reentry();
      writer.inside_ = true;
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() {
      std::atomic_signal_fence(std::memory_order_seq_cst);
      writer_.inside_ = false;
    }

   private:
    WriterCore& writer_;
  };

  template <class Fill>
  std::optional<std::uint64_t> write(Fill&& fill, bool may_wait) {
    Inside inside(*this);
    if (ring_.exclusive) return write_exclusive(fill);
    if (starved_) [[unlikely]] {
      if (!await_free_slot(may_wait)) return std::nullopt;
    }
    for (;;) {
      seat_.claim.store(claiming(next_), std::memory_order_release);  // W1
      ARENA_SHM_STOP_POINT(alloc_claiming);
      const std::uint64_t seq = ring_.control->head.fetch_add(1, std::memory_order_acq_rel);  // W2
      ARENA_SHM_STOP_POINT(alloc_claimed);
      if (!lap_.contains(seq)) [[unlikely]]
        enter_lap(seq);
      seat_.claim.store(writing(seq), std::memory_order_release);  // W2'
      ARENA_SHM_STOP_POINT(alloc_writing);
      const Slot slot = ring_.slot(lap_.index(seq));
      next_ = seq + 1;
      const std::uint64_t stamp = slot.stamp();  // W3
      if (stamp == predecessor(seq, ring_.slot_count)) [[likely]] {
        publish(slot, seq, fill);
        return seq;
      }
      if (take_or_skip(slot, seq)) {
        publish(slot, seq, fill);
        return seq;
      }
      if (!after_skip(may_wait)) return std::nullopt;
    }
  }

  template <class Fill>
  std::uint64_t write_exclusive(Fill&& fill) {
    const std::uint64_t seq = next_;
    if (!lap_.contains(seq)) [[unlikely]]
      enter_lap(seq);
    ring_.control->head.store(seq + 1, std::memory_order_release);  // X1
    ARENA_SHM_STOP_POINT(exclusive_claimed);
    ring_.slot(lap_.index(seq)).publish(seq, fill);
    next_ = seq + 1;
    count_value();
    ringer_.ring();
    return seq;
  }

  template <class Fill>
  void publish(const Slot& slot, std::uint64_t seq, Fill&& fill) noexcept {
    slot.publish(seq, fill);
    count_value();
    skips_in_a_row_ = 0;
    seat_.claim.store(idle(seq + 1), std::memory_order_release);  // W4
    ARENA_SHM_STOP_POINT(alloc_idle);
    ringer_.ring();  // W5
  }

  /// Claims one range of at most a lap, and puts the values from `written` on into it; moves `written` on.
  template <class Fill>
  void write_range(std::size_t& written, std::size_t count, Fill& fill, SeqRange& range);

  void count_value() noexcept {
    // Relaxed: a counter for display, written by this seat's holder only.
    seat_.values.store(++values_, std::memory_order_relaxed);
  }

  [[gnu::noinline, gnu::cold]] void enter_lap(std::uint64_t seq);
  [[gnu::noinline, gnu::cold]] bool take_or_skip(const Slot& slot, std::uint64_t seq);
  [[gnu::noinline, gnu::cold]] bool after_skip(bool may_wait);
  [[gnu::noinline, gnu::cold]] bool await_free_slot(bool may_wait);
  void count_skip() noexcept;
  bool is_blocked(std::uint64_t seq) const noexcept;
  bool free_slot_ahead() const;
  [[noreturn]] static void refuse_reentry();
  [[noreturn]] void refuse_corrupt(std::uint64_t seq, std::uint64_t stamp) const;

  SeatHold hold_;
  Ring ring_;  // a copy: its numbers are read with every value
  Seat& seat_;
  Ringer ringer_;
  Lap lap_;
  std::uint64_t next_;  // own last seq + 1
  std::uint64_t values_;
  std::uint64_t skipped_;
  std::uint64_t skips_in_a_row_ = 0;
  bool starved_ = false;  // the last try found no free slot: look before claiming
  bool inside_ = false;   // seen by this thread and its signal handlers only
};

template <class Fill>
void WriterCore::write_range(std::size_t& written, std::size_t count, Fill& fill, SeqRange& range) {
  if (starved_) [[unlikely]]
    await_free_slot(true);
  const std::uint64_t length = std::min<std::uint64_t>(count - written, ring_.slot_count);
  seat_.claim.store(claiming(next_), std::memory_order_release);  // W1
  ARENA_SHM_STOP_POINT(batch_claiming);
  const std::uint64_t first = ring_.control->head.fetch_add(length, std::memory_order_acq_rel);  // W2
  ARENA_SHM_STOP_POINT(batch_claimed);
  // Checked before hi grows: hi never shrinks, and a wild one would cover what this seat never held.
  if (!lap_.contains(first + length - 1)) [[unlikely]]
    enter_lap(first + length - 1);
  next_ = first + length;
  seat_.hi.store(next_, std::memory_order_release);  // before `writing`, so that who sees that sees this
  for (std::uint64_t seq = first; seq < next_; ++seq) {
    seat_.claim.store(writing(seq), std::memory_order_release);  // W2', and W4 for the seq before
    ARENA_SHM_STOP_POINT(batch_writing);
    if (!lap_.contains(seq)) [[unlikely]]
      enter_lap(seq);
    const Slot slot = ring_.slot(lap_.index(seq));
    if (slot.stamp() != predecessor(seq, ring_.slot_count)) [[unlikely]] {  // W3
      if (!take_or_skip(slot, seq)) {
        count_skip();
        continue;
      }
    }
    slot.publish(seq, [&](std::uint64_t* payload) noexcept { fill(written, payload); });
    count_value();
    skips_in_a_row_ = 0;
    if (written == 0) range.first = seq;
    range.last = seq;
    ++written;
  }
  seat_.claim.store(idle(next_), std::memory_order_release);  // W4
  ARENA_SHM_STOP_POINT(batch_idle);
  ringer_.ring();  // W5
  if (skips_in_a_row_ > ring_.seat_count) [[unlikely]]
    await_free_slot(true);
}

}  // namespace arena_shm::core
