// Time, in ticks of the cheapest clock that all CPUs share.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace arena_shm::bench {

using Nanoseconds = std::chrono::nanoseconds;

inline std::uint64_t monotonic_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

/// Now. On x86 the time-stamp counter: what stands before it in the program may still be under way.
inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return monotonic_ns();
#endif
}

/// Now, when everything before it has been done: for the end of a latency.
inline std::uint64_t ticks_after_all() noexcept {
#if defined(__x86_64__)
  unsigned cpu = 0;
  return __rdtscp(&cpu);
#else
  return monotonic_ns();
#endif
}

/// Measured once, against CLOCK_MONOTONIC, before the first process is forked.
double ns_per_tick();

inline double to_ns(std::uint64_t tick_count) { return static_cast<double>(tick_count) * ns_per_tick(); }
inline std::uint64_t to_ticks(Nanoseconds time) {
  return static_cast<std::uint64_t>(static_cast<double>(time.count()) / ns_per_tick());
}

}  // namespace arena_shm::bench
