#include "arena_shm/core/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

namespace arena_shm::core {
namespace {

/// Of a word, or of the lower half of one: the machine is little-endian (layout.hpp).
template <class Word>
std::uint32_t* address_of(std::atomic<Word>& word) noexcept {
  return reinterpret_cast<std::uint32_t*>(&word);
}

FutexWait wait_at(std::uint32_t* address, std::uint32_t expected, std::chrono::nanoseconds timeout) noexcept {
  const auto count = std::max<std::chrono::nanoseconds::rep>(timeout.count(), 0);
  timespec relative{};
  relative.tv_sec = static_cast<std::time_t>(count / 1'000'000'000);
  relative.tv_nsec = static_cast<long>(count % 1'000'000'000);
  if (::syscall(SYS_futex, address, FUTEX_WAIT, expected, &relative, nullptr, 0) == 0) return FutexWait::woken;
  switch (errno) {
    case EAGAIN: return FutexWait::changed;
    case ETIMEDOUT: return FutexWait::timed_out;
    default: return FutexWait::interrupted;
  }
}

void wake_at(std::uint32_t* address, int count) noexcept {
  ::syscall(SYS_futex, address, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

/// FUTEX_WAKE_OP: changes the word and wakes, in one step of the kernel. False where there is no such thing.
bool change_and_wake(std::atomic<std::uint32_t>& word, std::uint32_t operation, std::uint32_t argument,
                     int count) noexcept {
  // The kernel's store is not an atomic operation of C++: the fence orders what came before it, for those who acquire.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::uint32_t encoded = operation << 28 | argument << 12;  // FUTEX_OP(): the comparison is not made use of
  return ::syscall(SYS_futex, address_of(word), FUTEX_WAKE_OP, count, 0L, address_of(word), encoded) >= 0;
}

}  // namespace

FutexWait futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                     std::chrono::nanoseconds timeout) noexcept {
  return wait_at(address_of(word), expected, timeout);
}

FutexWait futex_wait(std::atomic<std::uint64_t>& word, std::uint64_t expected,
                     std::chrono::nanoseconds timeout) noexcept {
  return wait_at(address_of(word), static_cast<std::uint32_t>(expected), timeout);
}

std::optional<FutexWait> futex_wait_any(std::span<const FutexWord> words, std::chrono::nanoseconds timeout,
                                        std::size_t& which) noexcept {
  constexpr long kFutexWaitv = 449;  // on every architecture
  constexpr std::uint32_t kWordOf32Bits = 2;
  struct Waiter {  // struct futex_waitv, which headers before 5.16 have not
    std::uint64_t value;
    std::uint64_t address;
    std::uint32_t flags;
    std::uint32_t reserved;
  };
  std::array<Waiter, kMostFutexWords> waiters{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    waiters[i] = {.value = words[i].expected,
                  .address = reinterpret_cast<std::uintptr_t>(words[i].word),
                  .flags = kWordOf32Bits,
                  .reserved = 0};
  }
  timespec deadline{};  // unlike FUTEX_WAIT, it takes a time, and not a length of time
  ::clock_gettime(CLOCK_MONOTONIC, &deadline);
  const std::int64_t end_ns = deadline.tv_nsec + std::max<std::int64_t>(timeout.count(), 0);
  deadline.tv_sec += static_cast<std::time_t>(end_ns / 1'000'000'000);
  deadline.tv_nsec = static_cast<long>(end_ns % 1'000'000'000);
  const long woken =
      ::syscall(kFutexWaitv, waiters.data(), static_cast<unsigned>(words.size()), 0U, &deadline, CLOCK_MONOTONIC);
  if (woken >= 0) {
    which = static_cast<std::size_t>(woken);
    return FutexWait::woken;
  }
  switch (errno) {
    case EAGAIN: return FutexWait::changed;
    case ETIMEDOUT: return FutexWait::timed_out;
    case EINTR: return FutexWait::interrupted;
    default: return std::nullopt;  // ENOSYS, EPERM, or anything else that would come back at once the next time, too
  }
}

void futex_add_and_wake(std::atomic<std::uint32_t>& word, int count) noexcept {
  if (change_and_wake(word, FUTEX_OP_ADD, 1, count)) return;
  word.fetch_add(1, std::memory_order_seq_cst);
  futex_wake(word, count);
}

void futex_wake(std::atomic<std::uint32_t>& word, int count) noexcept { wake_at(address_of(word), count); }
void futex_wake(std::atomic<std::uint64_t>& word, int count) noexcept { wake_at(address_of(word), count); }

}  // namespace arena_shm::core
