// The interprocess mutex: one futex word in the segment, whose owner is a seat, and whose death the kernel proves
// through the seat's lease.
//
//   word:   0                          free
//           seat + 1                   owned
//           R | generation | seat + 1  reserved: that seat's thread may enter by its claim alone (see below)
//           W, the top bit, with each  somebody may be asleep on it
//
//   lock    CAS 0 -> me. Else set W, sleep in slices. Who has slept acquires with W set: others may sleep on.
//   unlock  CAS me -> 0; with W set, FUTEX_WAKE_OP: the kernel stores 0 and wakes one in one step, so that no death can
//           fall between the two.
//   death   Before it sleeps, and at the end of each slice, a waiter tests the owner's lease. If it is free, the waiter
//           read-locks the dead seat's byte, which keeps newcomers from that seat; CASes the word to free; wakes;
//           unlocks; and contends like everybody. The word is never taken over from another owner: the
//           seat may have been taken again meanwhile, and then two would own the mutex.
//   seats   A newcomer to a seat that the word names frees the word first (seat.cpp): its dead predecessor held it.
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
//   word that has W, and no generation is used twice, so that a V6 of long ago cannot free a later reservation.
//   A reservation costs one hole at most, when it is taken back in the middle of an alloc. A dead one is a dead owner.
//   Source: biased locking (Kawachiya, Koseki, Onodera, "Lock Reservation", OOPSLA 2002), with the fence that alloc
//   has.
//
// Why not a ready-made mutex: Boost's interprocess_mutex hangs, or is unusable for ever, when its owner is killed; a
// robust pthread mutex keeps list pointers in the segment, which a hostile peer turns into wild writes, and mistakes
// the living for dead across pid namespaces.
//
// Ordering. M1 lock's CAS acquires, M2 unlock's CAS or wake-op releases: M2 -> M1, what the last owner did is visible
// to the next. After a death, M3 the repairer's CAS (acq_rel) stands for the dead owner's unlock; the dead owner's
// stores happened before the kernel gave its lease up, and the repairer then got that lock. After a reservation, W4 ->
// V6.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/lease.hpp"
#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {

inline constexpr std::uint32_t kMutexWaiters = 0x8000'0000;
inline constexpr std::uint32_t kMutexReserved = 0x4000'0000;
inline constexpr std::uint32_t kMutexOwnerBits = 13;
inline constexpr std::uint32_t kMutexGenerations = 1U << 17;  // per seat; after that it is not reserved any more
static_assert(kMaxSeats < 1U << kMutexOwnerBits);

constexpr std::uint32_t mutex_owner(std::uint32_t word) noexcept { return word & ((1U << kMutexOwnerBits) - 1); }
constexpr bool mutex_is_reserved(std::uint32_t word) noexcept { return (word & kMutexReserved) != 0; }
constexpr std::uint32_t mutex_reserved_for(std::uint32_t owner, std::uint32_t generation) noexcept {
  return kMutexReserved | generation << kMutexOwnerBits | owner;
}

/// Frees the mutex if it belongs to `seat`, whose owner is dead. Requires: the caller holds that seat's lease, or keeps
/// newcomers from it (LeaseFile::with_dead_seat).
void free_dead_mutex(std::atomic<std::uint32_t>& word, std::uint32_t seat) noexcept;

/// One seat's side of the mutex. Meets the requirements of Lockable and of Boost.Interprocess's mutex concept.
/// Thread safety: threads may share one, but for the reservation, which is one thread's; they then compete with each
/// other as with other processes.
class InterprocessMutex {
 public:
  using Clock = std::chrono::steady_clock;

  /// `ring` and `leases` outlive this; the caller's `seat` is held as long as this is used.
  InterprocessMutex(const Ring& ring, std::uint32_t seat, const LeaseFile& leases) noexcept
      : word_(ring.control->mutex), ring_(ring), leases_(leases), me_(seat + 1) {}

  /// Waits as long as a living owner holds it; goes on within a slice (4 ms) of a dead one's death.
  /// Errors: Code::corrupt, if the word names an owner that cannot be; Code::system, if this process has lost its
  /// descriptor of the segment, and its name is gone, so that it cannot tell whether the owner lives.
  void lock() {
    if (!try_lock_free()) lock_slow(Clock::time_point::max());
  }

  /// Locks it if it is free right now.
  bool try_lock_free() noexcept {
    std::uint32_t expected = 0;
    return word_.compare_exchange_strong(expected, me_, std::memory_order_acquire, std::memory_order_relaxed);  // M1
  }

  /// Frees a dead owner's mutex on the way, but does not wait for a living one.
  bool try_lock() { return timed_lock(Clock::time_point::min()); }

  /// True if it was locked before `deadline`.
  bool timed_lock(Clock::time_point deadline) { return try_lock_free() || lock_slow(deadline); }

  /// Requires: this party holds it.
  void unlock() noexcept {
    ARENA_SHM_STOP_POINT(mutex_unlock);
    std::uint32_t expected = me_;
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

  /// Gives the reservation back, if there is one. Requires: its thread is not inside of alloc.
  void give_reservation_back() noexcept;

 private:
  static constexpr std::uint64_t kNoReservation = std::uint64_t{1} << 32;  // nothing that a word can be
  static constexpr int kUntestableSlices = 250;  // a second: then the leases are lost to this process

  bool lock_slow(Clock::time_point deadline);
  void unlock_slow() noexcept;
  bool take_from_dead(std::uint32_t seen) const;
  LeaseState lease_of_owner(std::uint32_t seen) const noexcept;
  bool take_reservation_back(std::uint32_t seen) const noexcept;

  std::atomic<std::uint32_t>& word_;
  const Ring& ring_;
  const LeaseFile& leases_;
  std::uint32_t me_;
  std::uint64_t reserved_word_ = kNoReservation;  // of the one thread that may reserve
};

}  // namespace arena_shm::core
