// Moving a value into and out of shared memory, one 64-bit word at a time, with relaxed atomics on both sides: a value
// may be overwritten while somebody reads it, and that must not be a data race. On x86-64 two words, or with AVX
// four, go with one instruction, see store_chunk and move_blocks. Whether what was read is whole is decided by the
// stamp around it (slot.hpp), never here.
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

// Several words with one instruction, up to kWidestBytes. The compiler knows of it only what it reads and writes, so
// there is no data race in its sense; for the processor each word is an access like any other, in program order with
// those before and after the instruction (Intel SDM volume 3, 9.2.2; AMD APM volume 2, 7.2). The private side is an
// ordinary access, that a value may come from registers. {AT&T syntax|Intel syntax}: users may compile with either.
#if defined(__x86_64__) && !defined(ARENA_SHM_SANITIZED)
#if defined(__AVX__)
#define ARENA_SHM_MOVE "vmovdqu"  // with its own encoding also for 16 bytes: to mix them costs time
inline constexpr std::size_t kWidestBytes = 4 * kWordBytes;
#else
#define ARENA_SHM_MOVE "movdqu"
inline constexpr std::size_t kWidestBytes = 2 * kWordBytes;
#endif

template <std::size_t bytes>
struct [[gnu::may_alias]] Chunk {
  using Lanes [[gnu::vector_size(bytes)]] = long long;
  std::uint64_t words[bytes / kWordBytes];
};

template <std::size_t bytes>
[[gnu::always_inline]] inline void store_chunk(std::uint64_t* target, const void* source) noexcept {
  typename Chunk<bytes>::Lanes lanes;
  std::memcpy(&lanes, source, bytes);
  asm volatile(ARENA_SHM_MOVE " {%1, %0|%0, %1}" : "=m"(*reinterpret_cast<Chunk<bytes>*>(target)) : "x"(lanes));
}
template <std::size_t bytes>
[[gnu::always_inline]] inline void load_chunk(void* target, const std::uint64_t* source) noexcept {
  typename Chunk<bytes>::Lanes lanes;
  asm volatile(ARENA_SHM_MOVE " {%1, %0|%0, %1}" : "=x"(lanes) : "m"(*reinterpret_cast<const Chunk<bytes>*>(source)));
  std::memcpy(target, &lanes, bytes);
}
#undef ARENA_SHM_MOVE
#else
inline constexpr std::size_t kWidestBytes = kWordBytes;

template <std::size_t bytes>
void store_chunk(std::uint64_t* target, const void* source) noexcept = delete;
template <std::size_t bytes>
void load_chunk(void* target, const std::uint64_t* source) noexcept = delete;
#endif

// Where the compiler may not use AVX, but the processor has it: large values, from memory to memory. An exclusive
// append of 256 bytes takes a fifth less with it, one of 64 bytes a tenth. Readers begin later: what they read is
// looked at, and a small value is better off in registers.
inline constexpr std::size_t kAvxBlockBytes = 8 * kWordBytes;
inline constexpr std::size_t kLeastToStore = kAvxBlockBytes;
inline constexpr std::size_t kLeastToLoad = 2 * kAvxBlockBytes;

#if defined(__x86_64__) && !defined(__AVX__) && !defined(ARENA_SHM_SANITIZED) && !defined(ARENA_SHM_NO_AVX)
/// Until this is initialised, before main(), it says no.
inline const bool kProcessorHasAvx = __builtin_cpu_supports("avx") != 0;

/// Moves as many blocks as there are, and `at` behind them; none if the processor cannot.
[[gnu::always_inline]] inline void move_blocks(void* target, const void* source, std::size_t bytes,
                                               std::size_t& at) noexcept {
  if (!kProcessorHasAvx) return;
  struct [[gnu::may_alias]] Half {
    std::byte bytes[kAvxBlockBytes / 2];
  };
  auto* to = static_cast<Half*>(target);
  const auto* from = static_cast<const Half*>(source);
#pragma GCC unroll 8
  for (; bytes - at >= kAvxBlockBytes; at += kAvxBlockBytes, to += 2, from += 2) {
    asm volatile(
        "vmovdqu {%2, %%ymm0|ymm0, %2}\n\tvmovdqu {%3, %%ymm1|ymm1, %3}\n\t"
        "vmovdqu {%%ymm0, %0|%0, ymm0}\n\tvmovdqu {%%ymm1, %1|%1, ymm1}"
        : "=m"(to[0]), "=m"(to[1])
        : "m"(from[0]), "m"(from[1])
        : "xmm0", "xmm1");
  }
  // What this is inlined into may be compiled for AVX, though this file is not (gnu::target): then the compiler keeps
  // values in the upper halves that are zeroed here.
  asm volatile("vzeroupper"
               :
               :
               : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                 "xmm12", "xmm13", "xmm14", "xmm15");
}
#else
[[gnu::always_inline]] inline void move_blocks(void*, const void*, std::size_t, std::size_t&) noexcept {}
#endif

/// Stores as many chunks of this size as there are from byte `at` on, and moves `at` behind them.
template <std::size_t chunk>
[[gnu::always_inline]] inline void store_chunks(std::uint64_t* target, const std::byte* from, std::size_t bytes,
                                                std::size_t& at) noexcept {
  if constexpr (chunk <= kWidestBytes) {
#pragma GCC unroll 8
    for (; bytes - at >= chunk; at += chunk) store_chunk<chunk>(target + at / kWordBytes, from + at);
  }
}
template <std::size_t chunk>
[[gnu::always_inline]] inline void load_chunks(std::byte* to, const std::uint64_t* source, std::size_t bytes,
                                               std::size_t& at) noexcept {
  if constexpr (chunk <= kWidestBytes) {
#pragma GCC unroll 8
    for (; bytes - at >= chunk; at += chunk) load_chunk<chunk>(to + at, source + at / kWordBytes);
  }
}

/// Stores, from byte `at` on, one word after the other; what the last one has over is zero.
[[gnu::always_inline]] inline void store_single_words_from(std::uint64_t* target, const std::byte* from,
                                                           std::size_t bytes, std::size_t at) noexcept {
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

/// Writes `bytes` bytes as whole words; what the last word has over is zero, so that no stale byte stays.
[[gnu::always_inline]] inline void store_words(std::uint64_t* target, const void* source, std::size_t bytes) noexcept {
  const auto* from = static_cast<const std::byte*>(source);
  std::size_t at = 0;
  if (bytes >= kLeastToStore) move_blocks(target, source, bytes, at);
  store_chunks<4 * kWordBytes>(target, from, bytes, at);
  store_chunks<2 * kWordBytes>(target, from, bytes, at);
  store_single_words_from(target, from, bytes, at);
}

/// The same for a value that was made right before: a load that is wider than the store it has to get its bytes from
/// waits until that one is done; a word does not.
[[gnu::always_inline]] inline void store_single_words(std::uint64_t* target, const void* source,
                                                      std::size_t bytes) noexcept {
  store_single_words_from(target, static_cast<const std::byte*>(source), bytes, 0);
}

/// Reads `bytes` bytes. Touches only whole words inside of [source, source + words_for(bytes)).
[[gnu::always_inline]] inline void load_words(void* target, const std::uint64_t* source, std::size_t bytes) noexcept {
  auto* to = static_cast<std::byte*>(target);
  std::size_t at = 0;
  if (bytes >= kLeastToLoad) move_blocks(target, source, bytes, at);
  load_chunks<4 * kWordBytes>(to, source, bytes, at);
  load_chunks<2 * kWordBytes>(to, source, bytes, at);
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
