// What wakeup_latency writes and latency_histogram reads. The tool makes a ring for it, decoded by field, with
//   arena-shm create NAME --slots 4096 --fields 'u64 ts_ns, u32 cpu, u32 late_ns'
#pragma once

#include <cstdint>

struct Wakeup {
  std::uint64_t ts_ns;    // when the process ran, nanoseconds since 1970
  std::uint32_t cpu;      // where
  std::uint32_t late_ns;  // how long after it should have
};

inline constexpr std::uint64_t kWakeupSlots = 4096;
