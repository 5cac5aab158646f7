// The clock that the times of values are read from.
//
// It is the counter with which the kernel itself keeps time, if a program may read that one: 8 to 30 ns, and all
// processors agree. The kernel takes x86-64's time-stamp counter only if a test that plays ping-pong with a cache line
// sees it go back on no processor (arch/x86/kernel/tsc_sync.c). Else it is CLOCK_BOOTTIME, which is that of its time
// namespace. Whichever it is stands in the header, and all who write have to be able to read it.
//
// x86-64: RDTSCP, which "waits until all previous instructions have executed and all previous loads are globally
// visible" (Intel SDM volume 2; AMD APM volume 3 has the same), and not RDTSC, which may be carried out before a load
// that precedes it: who reads a value and then appends its answer would now and then date it before the question. It
// does not wait for stores: see X2 in lane_writer.hpp.
// AArch64: a read of CNTVCT_EL0 may be speculated; an ISB before it keeps it behind what precedes it (Arm
// ARM, DDI 0487, "CNTVCT_EL0": reads "can occur speculatively and out of order relative to other instructions").
#pragma once

#include <atomic>
#include <cstdint>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/info.hpp"

namespace arena_shm::core {

// What is believed of a clock's rate, in ticks a second.
inline constexpr std::uint64_t kSlowestClock = 1'000'000;
inline constexpr std::uint64_t kFastestClock = 100'000'000'000;

/// CLOCK_BOOTTIME, in nanoseconds.
std::uint64_t boottime_ns() noexcept;

/// Ticks. Requires: can_read(clock). Not before what precedes it in the program; for stores, see fence_before_clock().
[[gnu::always_inline]] inline std::uint64_t read_clock(Clock clock) noexcept {
#if defined(__x86_64__)
  if (clock == Clock::tsc) [[likely]] {
    std::uint64_t low;
    std::uint64_t high;
    asm volatile("rdtscp" : "=a"(low), "=d"(high) : : "rcx", "memory");
    return high << 32 | low;
  }
#elif defined(__aarch64__)
  if (clock == Clock::virtual_counter) [[likely]] {
    std::uint64_t ticks;
    asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    return ticks;
  }
#endif
  return boottime_ns();
}

/// What was stored before is visible to all before the clock is read. For who is not reached by others' membarrier.
[[gnu::always_inline]] inline void fence_before_clock() noexcept {
#if defined(__aarch64__)
  asm volatile("dsb ish" : : : "memory");  // a DMB orders no read of a counter; the ISB follows in read_clock
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

/// What comes after it is carried out after the clock was read.
[[gnu::always_inline]] inline void fence_after_clock() noexcept {
#if defined(__x86_64__)
  asm volatile("lfence" : : : "memory");  // Intel SDM volume 2, RDTSCP: "execute LFENCE immediately after"
#elif defined(__aarch64__)
  asm volatile("isb" : : : "memory");
#endif
}

/// The one to take for a new arena.
Clock choose_clock() noexcept;
/// Can this process read it as others do? That of its time namespace: see own_time_namespace().
bool can_read(Clock clock) noexcept;
/// Does the kernel, at this moment, keep time with it? True of boottime.
bool is_kernels_own(Clock clock) noexcept;
/// Inode of /proc/self/ns/time; 0 if there are no time namespaces, or /proc does not tell.
std::uint64_t own_time_namespace() noexcept;

/// Ticks a second, about: 1 in 10 000. Cost: 2 ms, once in a process.
std::uint64_t ticks_per_second(Clock clock) noexcept;
/// Now, by three clocks, some 100 ns apart at most. Requires: can_read(clock). Cost: less than a microsecond.
ClockAnchor take_anchor(Clock clock) noexcept;

}  // namespace arena_shm::core
