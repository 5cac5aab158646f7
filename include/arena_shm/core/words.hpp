// Moving a value into and out of shared memory, one 64-bit word at a time, with relaxed atomics on both sides: a value
// may be overwritten while somebody reads it, and that must not be a data race. On x86-64 two words go with one
// instruction, see store_pair. Whether what was read is whole is decided by the stamp around it (slot.hpp), never here.
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
[[gnu::always_inline]] inline void store_word(std::uint64_t* target, std::uint64_t word) noexcept {
  std::atomic_ref<std::uint64_t>(*target).store(word, std::memory_order_relaxed);
}

/// Loads one word. Relaxed: the stamp's second look decides whether it counts.
[[gnu::always_inline]] inline std::uint64_t load_word(const std::uint64_t* source) noexcept {
  // C++20 has no atomic_ref<const T>; a lock-free load writes nothing, also in a read-only mapping.
  return std::atomic_ref<std::uint64_t>(*const_cast<std::uint64_t*>(source)).load(std::memory_order_relaxed);
}

// Sanitizers do not see what inline assembly touches.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define ARENA_SHM_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define ARENA_SHM_SANITIZED 1
#endif
#endif

#if defined(__x86_64__) && !defined(ARENA_SHM_SANITIZED)
inline constexpr bool kHasPairs = true;

struct [[gnu::may_alias]] Pair {
  std::uint64_t words[2];
};
using Lanes = long long __attribute__((vector_size(sizeof(Pair))));

// Two words with one instruction. The compiler knows of it only what it reads and writes, so there is no data race in
// its sense; for the processor each half is an access like any other, in program order with those around it (Intel SDM
// volume 3, 9.2.2; AMD APM volume 2, 7.2). The private side is an ordinary access, that a value may come from
// registers.
[[gnu::always_inline]] inline void store_pair(std::uint64_t* target, const void* source) noexcept {
  Lanes lanes;
  std::memcpy(&lanes, source, sizeof lanes);
  asm volatile("movdqu %1, %0" : "=m"(*reinterpret_cast<Pair*>(target)) : "x"(lanes));
}
[[gnu::always_inline]] inline void load_pair(void* target, const std::uint64_t* source) noexcept {
  Lanes lanes;
  asm volatile("movdqu %1, %0" : "=x"(lanes) : "m"(*reinterpret_cast<const Pair*>(source)));
  std::memcpy(target, &lanes, sizeof lanes);
}
#else
inline constexpr bool kHasPairs = false;
inline void store_pair(std::uint64_t*, const void*) noexcept {}
inline void load_pair(void*, const std::uint64_t*) noexcept {}
#endif
inline constexpr std::size_t kPairBytes = 2 * kWordBytes;

/// Writes `bytes` bytes as whole words; what the last word has over is zero, so that no stale byte stays.
[[gnu::always_inline]] inline void store_words(std::uint64_t* target, const void* source, std::size_t bytes) noexcept {
  const auto* from = static_cast<const std::byte*>(source);
  std::size_t at = 0;
  if constexpr (kHasPairs) {
#pragma GCC unroll 8
    for (; bytes - at >= kPairBytes; at += kPairBytes) store_pair(target + at / kWordBytes, from + at);
  }
#pragma GCC unroll 8
  for (; bytes - at >= kWordBytes; at += kWordBytes) {
    std::uint64_t word;
    std::memcpy(&word, from + at, kWordBytes);
    store_word(target + at / kWordBytes, word);
  }
  if (at < bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + at, bytes - at);
    store_word(target + at / kWordBytes, word);
  }
}

/// Reads `bytes` bytes. Touches only whole words inside of [source, source + words_for(bytes)).
[[gnu::always_inline]] inline void load_words(void* target, const std::uint64_t* source, std::size_t bytes) noexcept {
  auto* to = static_cast<std::byte*>(target);
  std::size_t at = 0;
  if constexpr (kHasPairs) {
#pragma GCC unroll 8
    for (; bytes - at >= kPairBytes; at += kPairBytes) load_pair(to + at, source + at / kWordBytes);
  }
#pragma GCC unroll 8
  for (; bytes - at >= kWordBytes; at += kWordBytes) {
    const std::uint64_t word = load_word(source + at / kWordBytes);
    std::memcpy(to + at, &word, kWordBytes);
  }
  if (at < bytes) {
    const std::uint64_t word = load_word(source + at / kWordBytes);
    std::memcpy(to + at, &word, bytes - at);
  }
}

/// What copies values into slots. A class and not a lambda, because those are not inlined by force, and a compiler that
/// has seen much code already would call it.
template <class T>
class CopyFrom {
 public:
  explicit CopyFrom(const T* values) noexcept : values_(values) {}

  /// The only one.
  [[gnu::always_inline]] void operator()(std::uint64_t* payload) const noexcept { (*this)(0, payload); }
  /// The i-th.
  [[gnu::always_inline]] void operator()(std::size_t i, std::uint64_t* payload) const noexcept {
    store_words(payload, values_ + i, sizeof(T));
  }

 private:
  const T* values_;
};

/// What copies the value of a slot out.
template <class T>
class CopyTo {
 public:
  explicit CopyTo(void* value) noexcept : value_(value) {}

  [[gnu::always_inline]] void operator()(const std::uint64_t* payload) const noexcept {
    load_words(value_, payload, sizeof(T));
  }

 private:
  void* value_;
};

}  // namespace arena_shm::core
