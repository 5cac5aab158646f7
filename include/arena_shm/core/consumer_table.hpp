// The consumers of a lossless arena: what their region says, as typed words.
//
// A consumer has a seat (layout.hpp), whose lease proves its life, and a line of its own:
//
//   state      what it is, and a generation, which is one more each time that somebody joins there
//   released   of each lane: all below that number is done with; only grows as long as the generation lasts
//
//   free    --join-->   joined   its consumer gates the writers as long as it lives
//           --join-->   kept     durable: gates them, alive or dead, until it is evicted or removed
//   joined | kept  --evict-->    evicted, by compare-and-swap, of that very generation
//   joined  --dead, or leaves--> free, by compare-and-swap, of that very generation
//   evicted --join-->   joined or kept
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "arena_shm/core/layout.hpp"

namespace arena_shm::core {

enum class Standing : std::uint8_t { free = 0, joined = 1, kept = 2, evicted = 3 };

constexpr Standing standing(std::uint64_t state) noexcept { return static_cast<Standing>(state & 3); }
/// The same generation.
constexpr std::uint64_t turned_into(std::uint64_t state, Standing standing) noexcept {
  return (state & ~std::uint64_t{3}) | static_cast<std::uint64_t>(standing);
}
constexpr std::uint64_t next_generation(std::uint64_t state, Standing standing) noexcept {
  return turned_into(state + 4, standing);
}
/// Do writers wait for it? If it is `joined`, as long as it lives.
constexpr bool gates(std::uint64_t state) noexcept {
  return standing(state) == Standing::joined || standing(state) == Standing::kept;
}

/// Of other arenas, one of no consumers. Thread safety: all of it is atomic.
class ConsumerTable {
 public:
  ConsumerTable() = default;
  /// `region` is that of a validated header.
  ConsumerTable(std::byte* region, std::uint32_t count, std::uint32_t lanes) noexcept
      : region_(region), count_(count), stride_(consumer_bytes(lanes)) {}

  std::uint32_t count() const noexcept { return count_; }
  /// Rung by who makes room; looked at by writers before they sleep. Requires: count() > 0.
  Doorbell& room() const noexcept { return reinterpret_cast<ConsumersHead*>(region_)->room; }
  /// Requires: i < count().
  std::atomic<std::uint64_t>& state(std::uint32_t i) const noexcept { return *words(i); }
  /// Requires: i < count(), lane < the arena's lanes.
  std::atomic<std::uint64_t>& released(std::uint32_t i, std::uint32_t lane) const noexcept {
    return words(i)[1 + std::uint64_t{lane}];
  }

 private:
  std::atomic<std::uint64_t>* words(std::uint32_t i) const noexcept {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(region_ + sizeof(ConsumersHead) + i * stride_);
  }

  std::byte* region_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint64_t stride_ = 0;
};

}  // namespace arena_shm::core
