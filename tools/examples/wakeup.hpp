// What wakeup_latency writes and latency_histogram reads. It is described, so that the segment says what is in it.
#pragma once

#include <cstdint>

#include "arena_shm/describe.hpp"

struct Wakeup {
  std::uint64_t ts_ns;    // when the process ran, nanoseconds since 1970
  std::uint32_t cpu;      // where
  std::uint32_t late_ns;  // how long after it should have
};
BOOST_DESCRIBE_STRUCT(Wakeup, (), (ts_ns, cpu, late_ns))

inline constexpr std::uint64_t kWakeupSlots = 4096;
