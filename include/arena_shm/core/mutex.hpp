// The interprocess mutex: one futex word in the segment, whose owner is a seat, and whose death the kernel proves
// through the seat's lease.
//
//   word:   0 free;  seat + 1 owned;  top bit W: somebody may be asleep on it
//
//   lock    CAS 0 -> me. Else set W, sleep in slices. Who has slept acquires with W set: others may sleep on.
//   unlock  CAS me -> 0; with W set, FUTEX_WAKE_OP: the kernel stores 0 and wakes one in one step, so that no death can
//           fall between the two.
//   death   At the end of a slice a waiter tests the owner's lease. If it is free, the waiter locks the dead seat's
//           lease itself, which keeps newcomers from that seat; CASes the word to free; wakes; gives the lease back;
//           and contends like everybody. The word is never taken over from another owner: the seat may have been
//           taken again meanwhile, and then two would own the mutex.
//   seats   A newcomer to a seat that the word names frees the word first (seat.cpp): its dead predecessor held it.
//
// Why not a ready-made one: Boost's interprocess_mutex hangs, or is unusable for ever, when its owner is killed; a
// robust pthread mutex keeps list pointers in the segment, which a hostile peer turns into wild writes, and mistakes
// the living for dead across pid namespaces.
//
// Ordering. M1 lock's CAS acquires, M2 unlock's CAS or wake-op releases: M2 -> M1, what the last owner did is visible
// to the next. After a death, M3 the repairer's CAS (acq_rel) stands for the dead owner's unlock; the dead owner's
// stores happened before the kernel gave its lease up, and the repairer took that lease.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/lease.hpp"
#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {

inline constexpr std::uint32_t kMutexWaiters = 0x8000'0000;
constexpr std::uint32_t mutex_owner(std::uint32_t word) noexcept { return word & ~kMutexWaiters; }

/// Frees the mutex if it belongs to `seat`, whose owner is dead. Requires: the caller holds that seat's lease.
void free_dead_mutex(std::atomic<std::uint32_t>& word, std::uint32_t seat) noexcept;

/// One party's side of the mutex. Meets the requirements of Lockable and of Boost.Interprocess's mutex concept.
/// Thread safety: threads may share one; they then compete with each other as with other processes.
class InterprocessMutex {
 public:
  /// `word`, `leases` outlive this; the caller's `seat` is held as long as this is used.
  InterprocessMutex(std::atomic<std::uint32_t>& word, std::uint32_t seat, std::uint32_t seat_count,
                    const LeaseFile& leases) noexcept
      : word_(word), leases_(leases), me_(seat + 1), seat_count_(seat_count) {}

  /// Waits as long as a living owner holds it; goes on within a slice (4 ms) of a dead one's death.
  /// Errors: Code::corrupt, if the word names an owner that cannot be.
  void lock() {
    std::uint32_t expected = 0;
    if (word_.compare_exchange_strong(expected, me_, std::memory_order_acquire, std::memory_order_relaxed))  // M1
      return;
    lock_slow(std::chrono::steady_clock::time_point::max());
  }

  /// Frees a dead owner's mutex on the way, but does not wait for a living one.
  bool try_lock() { return timed_lock(std::chrono::steady_clock::time_point::min()); }

  /// True if it was locked before `deadline` (of the steady clock).
  bool timed_lock(std::chrono::steady_clock::time_point deadline) {
    std::uint32_t expected = 0;
    if (word_.compare_exchange_strong(expected, me_, std::memory_order_acquire, std::memory_order_relaxed))  // M1
      return true;
    return lock_slow(deadline);
  }

  /// Requires: this party holds it.
  void unlock() noexcept {
    ARENA_SHM_STOP_POINT(mutex_unlock);
    std::uint32_t expected = me_;
    if (word_.compare_exchange_strong(expected, 0, std::memory_order_release, std::memory_order_relaxed))  // M2
      return;
    unlock_slow();
  }

 private:
  bool lock_slow(std::chrono::steady_clock::time_point deadline);
  void unlock_slow() noexcept;

  std::atomic<std::uint32_t>& word_;
  const LeaseFile& leases_;
  std::uint32_t me_;
  std::uint32_t seat_count_;
};

}  // namespace arena_shm::core
