// Writing, type-erased: the protocol by which any number of writers share one ring without waiting for each other, and
// the steps that all ways to write by it (shared_writer.hpp) are made of.
//
// A writer has a claim in a seat (layout.hpp). What its word says:
//
//   idle(l)      --W1-->  claiming(l)  --W2-->  writing(seq)  --publish-->  idle(seq + 1)
//                              ^                     |
//                              +---- skip: claiming(seq + 1)
//
//   W1  claim := claiming(l)                     release   l = own last seq + 1
//   W2  seq := head.fetch_add(1)                 acq_rel
//   W2' claim := writing(seq)                    release
//   (lossless: until seq is below the gate, it waits; gate.hpp)
//   W3  stamp of seq's slot == done(seq - slots)?  acquire   no: the slow path, take_or_skip
//   S1..S4 publish (slot.hpp)
//   W4  claim := idle(seq + 1)                   release
//   W5  ring the doorbell (doorbell.hpp)
//
// Ordering pairs
//   W1 -> T1   (settle.hpp) W2's release half: who sees head > seq sees claiming(l), or a later word of this seat.
//   W2 -> W2   each fetch_add reads from the one before, and is acq_rel: who gets a later seq sees the claims of
//              all who got an earlier one. head is only ever changed by read-modify-write, so the release sequence
//              never breaks.
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
// claim blocks seq (stamp.hpp) and its holder is not dead, the slot is quarantined: seq is skipped and becomes a hole,
// for a stopped writer's late stores cannot be fenced off. Otherwise every older writer of the slot has finished,
// skipped or died, and the slot is taken, whatever its stamp says. Nothing is ever repaired.
//
// One scan decides for a run of seqs. Who may be older than seq' in its slot, up to a lap behind the scanner's own seq,
// has taken its number before that one (it is at most seq' - slots): so the scan sees its claim, and who does not
// block seq' then never will. That it is blocked may change; a verdict of that kind holds for the rest of the call.
//
// Source: the protocol is this project's own. It is verified by the models in tests/model.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "arena_shm/core/claims.hpp"
#include "arena_shm/core/forked.hpp"
#include "arena_shm/core/settle.hpp"
#include "arena_shm/core/writer_base.hpp"

namespace arena_shm::core {

/// The claim, the number, the slot, the publication; and the slow path. Thread safety: one thread at a time.
class WriterSteps : public WriterBase {
 public:
  /// Would an alloc find room now? Errors: Code::reentered, forked. Cost: as Gate::has_room.
  bool has_room();
  bool is_forked() const noexcept { return forked_.holds(); }
  /// Is some thread inside of alloc, or waiting to be? Requires, as the next: not a forked child, where nothing is
  /// mapped.
  bool is_inside() const noexcept { return is_claimed() || waiting_.load(std::memory_order_relaxed); }
  bool is_claimed() const noexcept {
    return claim_kind(claim_.word.load(std::memory_order_relaxed)) != ClaimKind::idle;
  }

 protected:
  /// Has the seat's claim `which`, which is nobody else's as long as this lives.
  WriterSteps(std::shared_ptr<const SeatHold> hold, std::uint32_t which);
  ~WriterSteps() = default;

  /// A seq that this writer holds, and what is looked up for it before the next ordered access.
  struct Claimed {
    std::uint64_t seq;
    Slot slot;
    std::uint64_t predecessor;

    /// W3. True: everybody older has left the slot.
    [[gnu::always_inline]] bool is_next_in_slot() const noexcept { return slot.stamp() == predecessor; }
    /// Has the compiler compute all of it here, rather than where it is used.
    [[gnu::always_inline]] void compute() noexcept {
      slot.compute();
      asm volatile("" : : "r"(predecessor));
    }
  };

  /// W1. Requires: own last seq < next. A signal handler that comes later is refused: what stands behind this finds
  /// the writer as it is.
  [[gnu::always_inline]] void announce(std::uint64_t next) noexcept {
    claim_.word.store(claiming(next), std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    ARENA_SHM_STOP_POINT(alloc_claiming);
  }

  /// W2. Returns: the seq that is now held.
  [[gnu::always_inline]] std::uint64_t take_number() noexcept {
    const std::uint64_t seq = ring_.head->fetch_add(1, std::memory_order_acq_rel);
    ARENA_SHM_STOP_POINT(alloc_claimed);
    return seq;
  }

  /// Is seq in the lap that is kept, or else goes there: false, and Errors: as enter_lap.
  bool admit(std::uint64_t seq, std::uint64_t next, Deadline deadline) {
    return lap_.contains(seq) || enter_lap(seq, next, deadline);
  }

  /// W2'. Requires: seq is admitted.
  Claimed look_up(std::uint64_t seq, std::uint64_t next) {
    foreseeable_ = seq == next ? foreseeable_ + 1 : 0;
    // What is foreseen is written without a look at whether there are times.
    lap_.foresee(foreseeable_ > kForeseeableBefore && !ring_.is_timed());
    const Claimed claimed{seq, lap_.slot(seq), lap_.predecessor(seq)};
    prefetch_slot(claimed.slot.begin(), ring_.stride_bytes);
    claim_.word.store(writing(seq), std::memory_order_release);  // W2'
    ARENA_SHM_STOP_POINT(alloc_writing);
    return claimed;
  }

  template <class Fill>
  [[gnu::always_inline]] Written publish(const Claimed& claimed, Fill fill) noexcept {
    const std::uint64_t time = take_time();
    claimed.slot.publish_timed(claimed.seq, ring_.is_timed(), time, fill);
    become_idle(claimed.seq);
    ringer_.ring();  // W5
    return {claimed.seq, time};
  }
  [[gnu::always_inline]] void become_idle(std::uint64_t seq) noexcept {
    count_values(1);
    claim_.word.store(idle(seq + 1), std::memory_order_release);  // W4
    ARENA_SHM_STOP_POINT(alloc_idle);
  }

  /// Own last seq + 1, which the idle claim holds. Any other claim: this writer is inside of alloc, and a signal
  /// handler has come in between. If one comes right after this, the claim to follow is merely older than it need be.
  [[gnu::always_inline]] std::uint64_t own_next() const {
    const std::uint64_t claim = claim_.word.load(std::memory_order_relaxed);  // relaxed: own store
    if (claim_kind(claim) != ClaimKind::idle) [[unlikely]]
      refuse_reentry();
    return claim_seq(claim);
  }

  /// Errors: Code::exhausted, with the claim idle(next) and nobody inside.
  void check_number(std::uint64_t seq, std::uint64_t next);
  /// Goes to the lap of seq, which is held under claiming(next) or writing(seq); waits until it is below the gate.
  /// False: not in time, and seq is given up. Errors: as check_number; Code::would_deadlock, and seq is given up.
  [[gnu::noinline, gnu::cold]] bool enter_lap(std::uint64_t seq, std::uint64_t next, Deadline deadline);
  /// The same in a batch, whose claim has been stored, of which so many values are published.
  void enter_lap_in_batch(std::uint64_t seq, std::uint64_t end, std::uint64_t published);
  /// The slow path of W3. True: nobody older can be in the slot of seq any more, and it is the caller's. False: it is
  /// quarantined, and seq is to be skipped. Errors: Code::corrupt, with the claim idle(seq + 1).
  [[gnu::noinline, gnu::cold]] bool take_or_skip(std::uint64_t seq);
  /// The same; what the batch has `published` by then is counted and rung for if it throws.
  bool take_or_skip_in_batch(std::uint64_t seq, std::uint64_t published);
  /// False: so many skips in a row that it would have to wait, and not in time; the claim is idle(next) then.
  [[gnu::noinline, gnu::cold]] bool after_skip(std::uint64_t next, Deadline deadline);
  /// Waits until there is a free slot within the next lap, but not beyond the deadline; is there one? Requires: an idle
  /// claim. Errors: Code::reentered, forked.
  [[gnu::noinline, gnu::cold]] bool await_free_slot(Deadline deadline);
  /// Waits until there is room for a number; takes none. False: not in time. Errors: Code::reentered, would_deadlock.
  bool await_room_for_one(Deadline deadline);
  void count_skip() noexcept;
  /// Skips seq, and leaves alloc.
  [[gnu::noinline, gnu::cold]] void give_up(std::uint64_t seq) noexcept;

  ClaimWords claim_;
  std::uint32_t claim_number_;  // among all claims of the segment: claim_number()
  std::uint64_t skips_ = 0;     // since it last looked for a free slot, and found one
  StuckClaims stuck_;           // of those who keep their slots: skipped without waiting for them again
  static constexpr std::uint64_t kForeseeableBefore = 16;
  std::uint64_t foreseeable_ = 0;  // how many seqs in a row could have been foreseen, of those that were not
  bool starved_ = false;           // the last try found no free slot: look before claiming

 private:
  /// Seqs of which one scan has said that they are all clear, or all blocked.
  struct Scanned {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    bool contains(std::uint64_t seq) const noexcept { return first <= seq && seq < end; }
  };

  /// How long one scan waits for those that are in the way: for all of them together.
  struct Patience;

  bool is_blocked(std::uint64_t seq);
  bool scan(std::uint64_t seq);
  bool keeps_blocking(Claim& claim, std::uint64_t seq, const Claims& claims, Patience& patience);
  bool free_slot_ahead();
  void refuse_child() noexcept;
  [[noreturn]] void refuse_corrupt(std::uint64_t seq, std::uint64_t stamp);

  Scanned clear_;
  Scanned blocked_;                    // counts while the call lasts:
  std::uint64_t blocked_values_ = 0;   // until this seat has published more
  std::uint64_t looked_ahead_to_ = 0;  // free_slot_ahead became tired here; 0: it did not
  std::atomic<bool> waiting_{false};   // in await_free_slot. Relaxed: looked at in order to leave it alone (retire)
  InForkedChild forked_;               // the last one: the first to go
};

}  // namespace arena_shm::core
