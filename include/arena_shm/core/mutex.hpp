// The interprocess mutex: one word in the segment, whose owner is a session of a seat, and whose death is proved by the
// witness.
//
//   word:   0                           free
//           session | seat + 1          owned
//           R | reservation | seat + 1  reserved: that seat's first thread may enter by its claim alone (see below)
//           W with each                 somebody may be asleep on it; its lower half is a futex
//
//   lock    CAS 0 -> me. Else set W, sleep in slices. Who has slept acquires with W set: others may sleep on.
//   unlock  CAS me -> 0; with W set, CAS to 0 and wake one. A death between the two costs the others a slice.
//   death   Before it sleeps, and at the end of each slice, a waiter asks the witness about the owner. If it is dead,
//           the waiter CASes the very word to free, wakes, and contends like everybody. Neither a session nor a
//           reservation is used twice: a dead one's word never comes back, so that the CAS of one who was stopped
//           before it changes nothing that is another's. No lock is needed, and nobody waits for a repairer.
//   seats   A newcomer to a seat that the word names frees the word before its session begins (seat.hpp).
//
// Reservation. Three locked instructions in a row, lock, fetch_add, unlock, cost more than all the rest of an alloc. A
// holder that has been alone for a while therefore unlocks by CAS me -> reserved, and from then on its thread enters
// and leaves by the claim that it stores anyway, with the one locked instruction that it has anyway:
//
//   its thread                                       somebody else
//   V1  claim := claiming(l)         W1              V4  word := reserved | W     CAS
//   V2  head.fetch_add, full fence   W2              V5  fence                    seq_cst
//   V3  word still the reserved one?                 V6  claim idle?              acquire
//       yes: publish; claim := idle  W4                  yes: CAS word -> 0, and contend
//       no: skip the seq, claim := idle, and lock        no: sleep in slices, look again
//
//   Either V3 sees what V4 stored, or V6 sees what V1 stored (Dekker). V4 is for ever: the thread never enters by a
//   word that has W, and no reservation is used twice, so that a V6 of long ago cannot free a later one.
//   A reservation costs one hole at most, when it is taken back in the middle of an alloc. A dead one is a dead owner.
//   Source: biased locking (Kawachiya, Koseki, Onodera, "Lock Reservation", OOPSLA 2002), with the fence that alloc
//   has.
//
// Why not a ready-made mutex: Boost's interprocess_mutex hangs, or is unusable for ever, when its owner is killed; a
// robust pthread mutex keeps list pointers in the segment, which a hostile peer turns into wild writes, and mistakes
// the living for dead across pid namespaces.
//
// Ordering. M1 lock's CAS acquires, M2 unlock's CAS releases: M2 -> M1, what the last owner did is visible to the next.
// M1 releases, too: who sees a session's number in the word sees that the session has begun (seat.hpp, E5). After a
// death, M3 the repairer's CAS (acq_rel) stands for the dead owner's unlock; the dead owner's stores happened before
// the proof of its death (witness.hpp). After a reservation, W4 -> V6.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/core/witness.hpp"

namespace arena_shm::core {

inline constexpr unsigned kMutexOwnerBits = 13;
inline constexpr std::uint64_t kMutexWaiters = std::uint64_t{1} << kMutexOwnerBits;
inline constexpr std::uint64_t kMutexReserved = kMutexWaiters << 1;
inline constexpr unsigned kMutexNumberShift = kMutexOwnerBits + 3;  // of the session, or of the reservation
inline constexpr std::uint64_t kMaxReservations = kMaxSession;      // of a seat; then it is not reserved any more
static_assert(kMaxSeats < 1U << kMutexOwnerBits);
static_assert(kMutexNumberShift + kSessionBits == 64);

constexpr std::uint32_t mutex_owner(std::uint64_t word) noexcept {
  return static_cast<std::uint32_t>(word & (kMutexWaiters - 1));
}
constexpr bool mutex_is_reserved(std::uint64_t word) noexcept { return (word & kMutexReserved) != 0; }
constexpr std::uint64_t mutex_number(std::uint64_t word) noexcept { return word >> kMutexNumberShift; }
constexpr std::uint64_t mutex_owned_by(std::uint32_t owner, std::uint64_t session) noexcept {
  return session << kMutexNumberShift | owner;
}
constexpr std::uint64_t mutex_reserved_for(std::uint32_t owner, std::uint64_t reservation) noexcept {
  return reservation << kMutexNumberShift | kMutexReserved | owner;
}

/// Frees the mutex if it belongs to a dead session of `seat`. May be called by anybody, at any time.
void free_dead_mutex(const Ring& ring, const Witness& witness, std::uint32_t seat) noexcept;

/// Frees the mutex if it belongs to `seat`. Requires: all sessions that have begun are over, and no other one can
/// begin.
void free_mutex_of_seat(const Ring& ring, std::uint32_t seat) noexcept;

/// One seat's side of the mutex. Meets the requirements of Lockable and of Boost.Interprocess's mutex concept.
/// Thread safety: threads may share one, but for the reservation, which is one thread's; they then compete with each
/// other as with other processes.
class InterprocessMutex {
 public:
  using Clock = std::chrono::steady_clock;

  /// `word`, `ring` and `witness` outlive this; the caller holds the `seat` in this `session` as long as this is used.
  InterprocessMutex(std::atomic<std::uint64_t>& word, const Ring& ring, const Witness& witness, std::uint32_t seat,
                    std::uint64_t session) noexcept
      : word_(word), ring_(ring), witness_(witness), seat_(seat), me_(mutex_owned_by(seat + 1, session)) {}

  /// Waits as long as a living owner holds it; goes on within a slice (4 ms) of a dead one's death.
  /// Errors: Code::corrupt, if the word names an owner that cannot be; Code::reentered, from a signal handler whose
  /// thread is inside of an alloc of the owner's; Code::system, if this process has lost its
  /// descriptor of the segment, and its name is gone, so that it cannot tell whether the owner lives.
  void lock() {
    if (!try_lock_free()) lock_slow(Clock::time_point::max());
  }

  /// Locks it if it is free right now.
  bool try_lock_free() noexcept {
    std::uint64_t expected = 0;
    return word_.compare_exchange_strong(expected, me_, std::memory_order_acq_rel, std::memory_order_relaxed);  // M1
  }

  /// Frees a dead owner's mutex on the way, but does not wait for a living one.
  bool try_lock() { return timed_lock(Clock::time_point::min()); }

  /// True if it was locked before `deadline`.
  bool timed_lock(Clock::time_point deadline) { return try_lock_free() || lock_slow(deadline); }

  /// Requires: this party holds it.
  void unlock() noexcept {
    ARENA_SHM_STOP_POINT(mutex_unlock);
    std::uint64_t expected = me_;
    if (word_.compare_exchange_strong(expected, 0, std::memory_order_release, std::memory_order_relaxed)) return;  // M2
    unlock_slow();
  }

  /// Unlocks, and reserves the mutex for the calling thread, if nobody waits. Requires: this party holds it.
  /// Returns: whether it is reserved now.
  bool unlock_and_reserve() noexcept;

  /// Does this party hold it, without a reservation?
  bool is_locked_by_me() const noexcept { return (word_.load(std::memory_order_relaxed) & ~kMutexWaiters) == me_; }

  /// Has the calling thread a reservation that nobody has taken back? Relaxed: V3 is what decides.
  bool has_reservation() const noexcept { return word_.load(std::memory_order_relaxed) == reserved_word_; }

  /// Call after V1 and V2: orders them before the has_reservation() that is V3.
  static void fence_after_claim() noexcept {
#if defined(__x86_64__)
    std::atomic_signal_fence(std::memory_order_seq_cst);  // V2: a locked instruction is a full fence
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);  // V2
#endif
  }

  /// Does a thread sleep in it? Relaxed: for who leaves it alone then.
  bool is_waited_for() const noexcept { return waiting_.load(std::memory_order_relaxed) != 0; }

  /// Gives the reservation back, if there is one. Requires: its thread is not inside of alloc.
  void give_reservation_back() noexcept;

 private:
  static constexpr std::uint64_t kNoReservation = 1;  // nothing that a reserved word can be
  static constexpr int kUntestableSlices = 250;       // a second: then the leases are lost to this process

  bool lock_slow(Clock::time_point deadline);
  void unlock_slow() noexcept;
  Life life_of_owner(std::uint64_t seen) const;
  bool take_from_dead(std::uint64_t seen) const noexcept;
  bool take_reservation_back(std::uint64_t seen) const;

  std::atomic<std::uint64_t>& word_;
  const Ring& ring_;
  const Witness& witness_;
  std::uint32_t seat_;
  std::uint64_t me_;
  std::uint64_t reserved_word_ = kNoReservation;  // of the one thread that may reserve
  std::atomic<std::uint32_t> waiting_{0};         // threads that sleep in lock_slow, or have
};

}  // namespace arena_shm::core
