// Arithmetic of the words in which a member of a group says what it holds: values that it has taken, and is not done
// with.
//
//   0               nothing
//   held(s, c)      the values of the numbers s, s + 1, ..., s + c - 1 of their lane, s being given by its seq: 1 to 15
//   evicted(s)      they were given to another member, for this one has not come back to them
//
// Only its owner makes a word held. Others change it from held, by compare-and-swap: to nothing, if the owner is dead;
// to evicted, if it lives. As all of a range is in the word, whoever swaps it swaps that very range.
#pragma once

#include <cstdint>

#include "arena_shm/core/stamp.hpp"

namespace arena_shm::core {

inline constexpr std::uint64_t kHoldsNothing = 0;
inline constexpr unsigned kHeldCountBits = 4;
inline constexpr std::uint64_t kMostHeld = (1 << kHeldCountBits) - 1;  // in one word
static_assert(kLosslessSeqLimit < std::uint64_t{1} << (64 - kHeldCountBits));

/// Requires: seq < kLosslessSeqLimit, 0 < count <= kMostHeld.
constexpr std::uint64_t held(std::uint64_t seq, std::uint64_t count) noexcept {
  return (seq + 1) << kHeldCountBits | count;
}
constexpr std::uint64_t held_count(std::uint64_t word) noexcept { return word & kMostHeld; }
constexpr bool is_held(std::uint64_t word) noexcept { return held_count(word) != 0 && word >> kHeldCountBits != 0; }
/// Requires: is_held(word), or it says evicted.
constexpr std::uint64_t held_seq(std::uint64_t word) noexcept { return (word >> kHeldCountBits) - 1; }
constexpr std::uint64_t evicted(std::uint64_t word) noexcept { return word & ~kMostHeld; }

}  // namespace arena_shm::core
