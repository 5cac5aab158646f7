// Moving a value into and out of shared memory, one 64-bit word at a time, with relaxed atomics on both sides: a value
// may be overwritten while somebody reads it, and that must not be a data race. Whether what was read is whole is
// decided by the stamp around it (slot.hpp), never here.
//
// Source: Boehm, "Can Seqlocks Get Along with Programming Language Memory Models?", MSPC 2012.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace arena_shm::core {

inline constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

constexpr std::size_t words_for(std::size_t bytes) noexcept { return (bytes + kWordBytes - 1) / kWordBytes; }

/// Stores one word. Relaxed: the stamp's release publishes it.
inline void store_word(std::uint64_t* target, std::uint64_t word) noexcept {
  std::atomic_ref<std::uint64_t>(*target).store(word, std::memory_order_relaxed);
}

/// Loads one word. Relaxed: the stamp's second look decides whether it counts.
inline std::uint64_t load_word(const std::uint64_t* source) noexcept {
  // C++20 has no atomic_ref<const T>; a lock-free load writes nothing, also in a read-only mapping.
  return std::atomic_ref<std::uint64_t>(*const_cast<std::uint64_t*>(source)).load(std::memory_order_relaxed);
}

/// Writes `bytes` bytes as whole words; what the last word has over is zero, so that no stale byte stays.
inline void store_words(std::uint64_t* target, const void* source, std::size_t bytes) noexcept {
  const auto* from = static_cast<const std::byte*>(source);
  const std::size_t whole = bytes / kWordBytes;
  for (std::size_t i = 0; i < whole; ++i) {
    std::uint64_t word;
    std::memcpy(&word, from + i * kWordBytes, kWordBytes);
    store_word(target + i, word);
  }
  if (const std::size_t rest = bytes % kWordBytes; rest != 0) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + whole * kWordBytes, rest);
    store_word(target + whole, word);
  }
}

/// Reads `bytes` bytes. Touches only whole words inside of [source, source + words_for(bytes)).
inline void load_words(void* target, const std::uint64_t* source, std::size_t bytes) noexcept {
  auto* to = static_cast<std::byte*>(target);
  const std::size_t whole = bytes / kWordBytes;
  for (std::size_t i = 0; i < whole; ++i) {
    const std::uint64_t word = load_word(source + i);
    std::memcpy(to + i * kWordBytes, &word, kWordBytes);
  }
  if (const std::size_t rest = bytes % kWordBytes; rest != 0) {
    const std::uint64_t word = load_word(source + whole);
    std::memcpy(to + whole * kWordBytes, &word, rest);
  }
}

}  // namespace arena_shm::core
