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
    // M3: for the dead owner's release. Only waiters' W can make it fail, a bounded number of times.
    if (!word.compare_exchange_weak(seen, 0, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
    ARENA_SHM_STOP_POINT(mutex_repaired);
    if ((seen & kMutexWaiters) != 0) futex_wake(word, 1);
    return;
  }
}

bool InterprocessMutex::lock_slow(Clock::time_point deadline) {
  const bool try_only = deadline == Clock::time_point::min();
  std::uint32_t waiters = 0;  // W, once this party has slept
  std::uint32_t seen = try_only ? word_.load(std::memory_order_relaxed) : spin_while_owned(word_);
  for (;;) {
    if (seen == 0) {
      if (word_.compare_exchange_weak(seen, me_ | waiters, std::memory_order_acquire, std::memory_order_relaxed))  // M1
        return true;
      continue;
    }
    const std::uint32_t owner = mutex_owner(seen);
    if (owner == 0 || owner > seat_count_) refuse_owner(owner, seat_count_);
    // The own seat's lease is held by this process as long as this handle lives: nothing to test.
    if (owner != me_ && leases_.test(owner - 1) == LeaseState::free) {
      leases_.with_dead_seat(owner - 1, [&]() noexcept { free_dead_mutex(word_, owner - 1); });
      const std::uint32_t after = word_.load(std::memory_order_relaxed);
      if (after != seen) {
        seen = after;
        continue;
      }
      // Another repairer or a newcomer has the seat: it frees the word.
    }
    const auto now = Clock::now();
    if (try_only || now >= deadline) return false;
    if ((seen & kMutexWaiters) == 0) {
      if (!word_.compare_exchange_weak(seen, seen | kMutexWaiters, std::memory_order_relaxed)) continue;
      seen |= kMutexWaiters;
    }
    waiters = kMutexWaiters;
    ARENA_SHM_STOP_POINT(mutex_sleep);
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

}  // namespace arena_shm::core
