// What the storms over lossless arenas have in common: the rings, and those who write into them until they are killed.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ostream>
#include <span>
#include <thread>

#include "arena_shm/arena.hpp"
#include "support/checked_value.hpp"

namespace arena_shm::test {

using StormValue = CheckedValue<48>;

constexpr std::uint64_t kMostSeqs = std::uint64_t{1} << 26;
constexpr std::uint64_t kMostWriters = (std::uint64_t{1} << 16) - 1;
constexpr std::uint64_t kBatch = 5;

/// By each writer, the values whose alloc has come back.
using Written = std::array<std::atomic<std::uint64_t>, kMostWriters>;

struct StormSetting {
  const char* name;
  std::uint64_t slots;
  Writers writers;
};

inline std::ostream& operator<<(std::ostream& out, const StormSetting& setting) { return out << setting.name; }

enum class Way : std::uint8_t { alloc, batches, guarded };

[[noreturn]] inline void write_for_ever(Arena<StormValue>& arena, Way way, std::uint32_t id, Written& all) {
  auto& written = all[id];
  if (way == Way::guarded) {
    for (std::uint64_t count = 0;; written = ++count) arena.alloc(StormValue::make(id, count));
  }
  auto writer = arena.writer();
  for (std::uint64_t count = 0;; written = count) {
    if (way == Way::batches) {
      std::array<StormValue, kBatch> batch;
      for (auto& value : batch) value = StormValue::make(id, count++);
      writer.alloc(std::span<const StormValue>(batch));
    } else {
      writer.alloc(StormValue::make(id, count++));
    }
  }
}

/// Within half a minute.
template <class Condition>
bool soon(Condition condition) {
  for (int look = 0; look < 300'000; ++look) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return false;
}

}  // namespace arena_shm::test
