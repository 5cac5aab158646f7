// Writing a lane: a ring that has one writer at a time. No locked instruction, and two lines in all: the seat's, which
// has the lane's head, and the slot's.
//
//   X1  head := n + 1       release   value n is under way; of a batch, head := n + its length, once
//   X2  time := clock       (clock.hpp) in an arena with times; of a batch, once
//   S1..S4 publish each     (slot.hpp)
//   W5  ring the doorbell   (doorbell.hpp)
//
// Ordering pairs
//   X1 -> T1   (settle.hpp) who sees head > n sees what this session, or one before it, had stored before X1: so the
//              session's beginning (seat.hpp, E4; A1), which is what tells whose n is.
//   E4         claim := idle(head), by a newcomer, when all sessions before it are over: what they have left of what
//              they had claimed is theirs for ever, and nobody else's. So n is of the session in force if claim <= n.
//   The lease of a seat stands between one holder and the next: head and slots are one writer's at a time.
//
// Lossless: before X1 it waits for room (gate.hpp), so that it never waits with a claim. A batch goes in parts, as
// there is room.
//
// A batch claims once: were head moved on with each of its values, a reader that looks in between would take the lane
// for empty, though the batch has begun. So head > n + 1 does not say that n is published.
//
// A writer may leave numbers out, and go on at t (advance_to). They are holes at once, though it lives:
//
//   A1  claim := idle(t)    release   what is below t is not this session's, or is done
//   A2  head := t           release
//
//   A2 -> T1   who sees head = t, or beyond, sees A1, or a later word: no claim covers what was left out, and nobody
//              writes there ever after. The other way round it would be pending for as long as the writer stands
//              between the two.
//   A1 -> T2   who sees idle(t) before A2 sees all done that is below the head of then.
//   A writer that ends between the two has left nothing out: the next one's E4 says where head is.
//
// A writer that can repeat what it has begun, as one who copies another ring, may hand out its numbers last: then its
// death leaves no hole, and who comes next goes on with the first value that is not whole (HandOut::last).
//
//   S1..S4 publish each     (slot.hpp) at head and beyond it. A reader takes what a slot shows, whatever head is
//   X1' head := end         release
//
//   X1' -> T1  who sees head = end sees done of all below it: none of them is ever pending, or a hole.
//   What is whole beyond head when the writer has died is there for ever: E4 of the next session goes on behind it,
//   claim := idle(n), head := n (seat.hpp). It must not be published once more: a reader could copy half of the one and
//   half of the other, between two looks at the same stamp. From what is only begun nobody has copied.
//
// X2 stands behind X1, so that a reader can prove that a lane has nothing older (time_order.hpp): who sees head = n
// after every writer has been made to show its stores, knows that value n has not taken its time yet. Nothing in the
// processor keeps the two in order: it is the reader's membarrier that does, or the fence of a writer that it does not
// reach.
//
// Source: the protocol is this project's own. tests/model/lanes.pml verifies it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "arena_shm/core/forked.hpp"
#include "arena_shm/core/prefetch.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/core/writer_base.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// When the numbers of a batch are handed out: before its values are there, or behind them.
enum class HandOut : bool { first, last };

/// Thread safety: one thread at a time.
class LaneWriter : public WriterBase {
 public:
  explicit LaneWriter(std::shared_ptr<const SeatHold> hold);

  /// Publishes one value, `fill(payload words)` storing it. Returns its seq; kNothing if there is no room, in a
  /// lossless arena, before the deadline.
  /// Errors: Code::exhausted, reentered, forked, would_deadlock; nothing has been published then.
  template <class Fill>
  [[gnu::always_inline]] Written alloc(Fill fill, Deadline deadline) {
    enter();
    const std::uint64_t number = seat_.hi.load(std::memory_order_relaxed);  // own store, or ordered by the lease
    if (!lap_.contains(number)) [[unlikely]] {
      if (!enter_lap(number, deadline)) return kNothing;
    }
    const Slot slot = lap_.slot(number);
    seat_.hi.store(number + 1, std::memory_order_release);  // X1
    ARENA_SHM_STOP_POINT(lane_claimed);
    const std::uint64_t time = take_time();  // X2
    slot.publish_timed(number, ring_.is_timed(), time, fill);
    prefetch_ahead(slot.begin());
    leave(1);
    return {ring_.seq_of(number), time};
  }

  /// Publishes `count` values in order, `fill(i, payload words)` storing the i-th, at most a lap with one claim.
  /// Errors: as alloc; the values before have then been published. Handed out last: Code::invalid_argument, in an arena
  /// with times, or a lossless one.
  template <HandOut hand_out = HandOut::first, class Fill>
  [[gnu::always_inline]] SeqRange alloc_batch(std::size_t count, Fill fill) {
    if constexpr (hand_out == HandOut::last) require_repeatable();
    SeqRange range;
    while (range.count < count) {
      enter();
      const std::uint64_t first = seat_.hi.load(std::memory_order_relaxed);
      if (!lap_.contains(first)) [[unlikely]]
        enter_lap(first, kWaitForEver);
      const std::uint64_t length =
          std::min({count - range.count, ring_.slot_count, ring_.limit - first, gate_.end() - first});
      const std::uint64_t end = first + length;
      if constexpr (hand_out == HandOut::first) {
        seat_.hi.store(end, std::memory_order_release);  // X1
        ARENA_SHM_STOP_POINT(lane_batch_claimed);
      }
      const std::uint64_t time = take_time();  // X2
      std::uint64_t next = write_run(first, std::min(end, lap_.end()), time, range.count, fill);
      if (next < end) [[unlikely]] {
        lap_.move_to(next, gate_.end());
        write_run(next, end, time, range.count + (next - first), fill);
      }
      if constexpr (hand_out == HandOut::last) {
        ARENA_SHM_STOP_POINT(lane_batch_published);
        seat_.hi.store(end, std::memory_order_release);  // X1'
      }
      leave(length);
      range.add(SeqRange{ring_.seq_of(first), ring_.seq_of(end - 1), length});
    }
    return range;
  }

  /// The next value gets `seq`, or, in a lane, the first one of the lane that is not below it: what is left out are
  /// holes. Waits for nobody. Returns: how many.
  /// Errors: Code::invalid_argument, if that is below the lane's head; exhausted, reentered, forked.
  std::uint64_t advance_to(std::uint64_t seq);

  /// Would an alloc find room now? Errors: Code::reentered, forked. Cost: as Gate::has_room.
  bool has_room();
  bool is_forked() const noexcept { return forked_.holds(); }
  /// Is some thread inside of alloc? Requires: not a forked child.
  bool is_inside() const noexcept { return state_.load(std::memory_order_relaxed) == State::inside; }

 private:
  /// Relaxed: for its thread and that one's signal handlers; another thread looks only in order to leave a writer alone
  /// that is in use (retire).
  enum class State : std::uint8_t { idle, inside, forked };

  /// Before head is looked at: a signal handler that comes later is refused, one before is over.
  [[gnu::always_inline]] void enter() {
    if (state_.load(std::memory_order_relaxed) != State::idle) [[unlikely]]
      refuse();
    state_.store(State::inside, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  [[gnu::always_inline]] void leave(std::uint64_t published) noexcept {
    count_values(published);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    state_.store(State::idle, std::memory_order_relaxed);
    ringer_.ring();  // W5
  }

  /// The values [number, end), of a batch from its i-th on. Requires: claimed, in the lap that is kept. Returns: end.
  template <class Fill>
  [[gnu::always_inline]] std::uint64_t write_run(std::uint64_t number, std::uint64_t end, std::uint64_t time,
                                                 std::size_t i, Fill fill) {
    Slot slot = lap_.slot(number);
    const std::uint64_t stride = ring_.stride_bytes;
    const bool timed = ring_.is_timed();
    for (; number < end; ++number, ++i) {
      slot.publish_timed(number, timed, time,
                         [&](std::uint64_t* payload) noexcept { fill_ith(fill, i, payload, number); });
      prefetch_ahead(slot.begin());
      slot.step(stride);
    }
    return end;
  }

  /// Errors: Code::reentered, forked.
  [[noreturn, gnu::noinline, gnu::cold]] void refuse() const;
  /// Errors: Code::invalid_argument. With times, X2 has to stand behind X1; no consumer may be beyond head.
  void require_repeatable() const;
  /// Errors: Code::invalid_argument, always.
  [[noreturn]] void refuse_to_go_back(std::uint64_t seq, std::uint64_t head) const;
  /// False: beyond the gate, and the time is over; nobody is inside then. Errors: Code::exhausted, would_deadlock, the
  /// same.
  [[gnu::noinline, gnu::cold]] bool enter_lap(std::uint64_t number, Deadline deadline);

  std::atomic<State> state_{State::idle};
  InForkedChild forked_;  // the last one: the first to go
};

}  // namespace arena_shm::core
