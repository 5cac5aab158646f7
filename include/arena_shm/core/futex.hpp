// The futex calls that the protocol needs, between processes. std::atomic::wait is no substitute: libstdc++ uses
// the private kind, which does not reach across processes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace arena_shm::core {

enum class FutexWait : std::uint8_t { woken, changed, timed_out, interrupted };

/// Sleeps while `word` is `expected`, for at most `timeout`.
FutexWait futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                     std::chrono::nanoseconds timeout) noexcept;

/// The same for a word of 64 bits, of which the kernel compares the lower half: a change of the upper one alone is
/// noticed when the time is over.
FutexWait futex_wait(std::atomic<std::uint64_t>& word, std::uint64_t expected,
                     std::chrono::nanoseconds timeout) noexcept;

/// A word, and what it is as long as one sleeps.
struct FutexWord {
  std::atomic<std::uint32_t>* word;
  std::uint32_t expected;
};
inline constexpr std::size_t kMostFutexWords = 128;  // that one can sleep on at once

/// Sleeps while all of the words are what is expected of them, for at most `timeout`: by futex_waitv(2), Linux 5.16.
/// Returns: nothing, and has not slept, if the kernel has no such call, or refuses it. If it was woken, `which` is the
/// word.
/// Requires: 0 < words.size() <= kMostFutexWords; a timeout below some years.
std::optional<FutexWait> futex_wait_any(std::span<const FutexWord> words, std::chrono::nanoseconds timeout,
                                        std::size_t& which) noexcept;

/// Adds 1 and wakes up to `count` sleepers, in one step of the kernel.
void futex_add_and_wake(std::atomic<std::uint32_t>& word, int count) noexcept;

/// Wakes up to `count` sleepers.
void futex_wake(std::atomic<std::uint32_t>& word, int count) noexcept;
void futex_wake(std::atomic<std::uint64_t>& word, int count) noexcept;

/// One step of a spin loop: tells the processor, touches nothing.
inline void cpu_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace arena_shm::core
