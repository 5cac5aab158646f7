#include "arena_shm/core/mutex.hpp"

#include <algorithm>
#include <string>

#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::nanoseconds kSlice = std::chrono::milliseconds{4};
constexpr int kSpins = 200;

[[noreturn]] void refuse_owner(std::uint32_t owner, std::uint32_t seat_count) {
  throw Error(Code::corrupt, {.name = {},
                              .doing = "lock the arena's mutex",
                              .expected = "an owner between 1 and " + std::to_string(seat_count),
                              .found = std::to_string(owner),
                              .remedy = "somebody wrote over the segment; remove it and create it anew"});
}

[[noreturn]] void refuse_untestable() {
  throw Error(Code::system, {.name = {},
                             .doing = "lock the arena's mutex",
                             .expected = "a way to tell whether its owner lives",
                             .found = "the segment's descriptor closed by the program, and its name gone",
                             .remedy = "keep the library's descriptors open, or the name in place"});
}

/// Spins while the word is owned; the last value seen.
std::uint32_t spin_while_owned(const std::atomic<std::uint32_t>& word) noexcept {
  std::uint32_t seen = word.load(std::memory_order_relaxed);
  for (int i = 0; i < kSpins && seen != 0; ++i) {
    cpu_pause();
    seen = word.load(std::memory_order_relaxed);
  }
  return seen;
}

}  // namespace

void free_dead_mutex(std::atomic<std::uint32_t>& word, std::uint32_t seat) noexcept {
  std::uint32_t seen = word.load(std::memory_order_relaxed);
  while (mutex_owner(seen) == seat + 1) {
    ARENA_SHM_STOP_POINT(mutex_repair);
    // M3: for the dead owner's release. Only a waiter's W can make it fail, and only once.
    if (!word.compare_exchange_weak(seen, 0, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
    ARENA_SHM_STOP_POINT(mutex_repaired);
    if ((seen & kMutexWaiters) != 0) futex_wake(word, 1);
    return;
  }
}

/// The owner's lease is free: makes the word free, or sees to it that somebody else does. True: the word has changed.
bool InterprocessMutex::take_from_dead(std::uint32_t seen) const {
  const std::uint32_t seat = mutex_owner(seen) - 1;
  leases_.with_dead_seat(seat, [&]() noexcept { free_dead_mutex(word_, seat); });
  return word_.load(std::memory_order_relaxed) != seen;  // else another repairer, or a newcomer, has the seat
}

/// Requires: `seen` is reserved, has W, and was the word's value. True: the word has changed.
bool InterprocessMutex::take_reservation_back(std::uint32_t seen) const noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);  // V5
  const Seat& owner = ring_.seats[mutex_owner(seen) - 1];
  for (int i = 0; claim_kind(owner.claim.load(std::memory_order_acquire)) != ClaimKind::idle; ++i) {  // V6
    if (i == kSpins) return word_.load(std::memory_order_relaxed) != seen;
    cpu_pause();
  }
  ARENA_SHM_STOP_POINT(mutex_unreserve);
  // Others may sleep on it. Who frees it goes on to contend, with W; if it dies first, they wake by themselves.
  word_.compare_exchange_strong(seen, 0, std::memory_order_acq_rel, std::memory_order_relaxed);
  return true;
}

LeaseState InterprocessMutex::lease_of_owner(std::uint32_t seen) const noexcept {
  // The own seat's lease is held by this process as long as this handle lives: it cannot be tested, and need not be.
  const std::uint32_t owner = mutex_owner(seen);
  return owner == me_ ? LeaseState::held : leases_.test(owner - 1);
}

bool InterprocessMutex::lock_slow(Clock::time_point deadline) {
  const bool try_only = deadline == Clock::time_point::min();
  int untestable = 0;
  std::uint32_t waiters = 0;  // W, once others may be asleep
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  if (!try_only && !mutex_is_reserved(seen)) seen = spin_while_owned(word_);
  for (;;) {
    if (seen == 0) {
      if (word_.compare_exchange_weak(seen, me_ | waiters, std::memory_order_acquire, std::memory_order_relaxed))  // M1
        return true;
      continue;
    }
    const std::uint32_t owner = mutex_owner(seen);
    if (owner == 0 || owner > ring_.seat_count) refuse_owner(owner, ring_.seat_count);
    const LeaseState lease = lease_of_owner(seen);
    if (lease == LeaseState::free && take_from_dead(seen)) {
      seen = word_.load(std::memory_order_relaxed);
      continue;
    }
    if (lease == LeaseState::unknown && ++untestable > kUntestableSlices) refuse_untestable();
    const auto now = Clock::now();
    const bool over = try_only || now >= deadline;
    if (over && !mutex_is_reserved(seen)) return false;
    if ((seen & kMutexWaiters) == 0) {
      if (!word_.compare_exchange_weak(seen, seen | kMutexWaiters, std::memory_order_seq_cst)) continue;  // V4
      seen |= kMutexWaiters;
    }
    waiters = kMutexWaiters;
    ARENA_SHM_STOP_POINT(mutex_waiting);
    if (mutex_is_reserved(seen) && take_reservation_back(seen)) {
      seen = word_.load(std::memory_order_relaxed);
      continue;
    }
    if (over) return false;
    futex_wait(word_, seen, std::min<std::chrono::nanoseconds>(kSlice, deadline - now));
    ARENA_SHM_STOP_POINT(mutex_woken);
    seen = word_.load(std::memory_order_relaxed);
  }
}

void InterprocessMutex::unlock_slow() noexcept {
  // W is set. An RMW that changes nothing releases for those who acquire the 0 that the kernel is about to store.
  word_.fetch_or(kMutexWaiters, std::memory_order_release);  // M2
  ARENA_SHM_STOP_POINT(mutex_unlock_wake);
  futex_clear_and_wake(word_, 1);
  ARENA_SHM_STOP_POINT(mutex_unlocked);
}

bool InterprocessMutex::unlock_and_reserve() noexcept {
  std::atomic<std::uint32_t>& used = ring_.seats[me_ - 1].reservations;
  const std::uint32_t generation = used.load(std::memory_order_relaxed);  // relaxed: the seat holder's own
  if (generation < kMutexGenerations) {
    used.store(generation + 1, std::memory_order_relaxed);
    std::uint32_t expected = me_;
    const std::uint32_t reserved = mutex_reserved_for(me_, generation);
    if (word_.compare_exchange_strong(expected, reserved, std::memory_order_release, std::memory_order_relaxed)) {
      reserved_word_ = reserved;
      return true;
    }
  }
  unlock();
  return false;
}

void InterprocessMutex::give_reservation_back() noexcept {
  if (reserved_word_ == kNoReservation) return;
  const auto reserved = static_cast<std::uint32_t>(reserved_word_);
  std::uint32_t expected = reserved;
  // Without W, or with it: somebody waits for this very thing.
  if (!word_.compare_exchange_strong(expected, 0, std::memory_order_release, std::memory_order_relaxed) &&
      expected == (reserved | kMutexWaiters) &&
      word_.compare_exchange_strong(expected, 0, std::memory_order_release, std::memory_order_relaxed))
    futex_wake(word_, 1);
  reserved_word_ = kNoReservation;
}

}  // namespace arena_shm::core
