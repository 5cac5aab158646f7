// The values that are written. Their first word changes from one to the next, and the compiler knows none of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bench/harness/keep.hpp"

namespace arena_shm::bench {

template <std::size_t bytes>
struct Value {
  static_assert(bytes % sizeof(std::uint64_t) == 0);
  std::uint64_t word[bytes / sizeof(std::uint64_t)];
};

/// Where the bytes of a value are when it is handed over.
enum class Made {
  ahead,     ///< in the cache, as of values that were received or computed a moment ago
  just_now,  ///< in the store buffer, word by word: who copies them in larger pieces has to wait for them
};

template <class T, Made made>
class Source {
 public:
  static constexpr std::size_t kBatch = 16;

  /// The i-th value. Valid until some values later.
  [[gnu::always_inline]] const T& next(std::uint64_t i) noexcept {
    if constexpr (made == Made::ahead) {
      T& later = values_[(i + kCount / 2) % kCount];
      later.word[0] = i + kCount / 2;
      keep(later);
      return values_[i % kCount];
    } else {
      for (std::uint64_t& word : values_[0].word) {
        word = i;
        keep(word);
      }
      return values_[0];
    }
  }

  /// Sixteen values that begin with the i-th. Requires: i is a multiple of 16.
  [[gnu::always_inline]] std::span<const T> next_batch(std::uint64_t i) noexcept {
    T* later = values_.data() + (i + kCount / 2) % kCount;
    for (std::size_t k = 0; k < kBatch; ++k) {
      later[k].word[0] = i + kCount / 2 + k;
      keep(later[k]);
    }
    return {values_.data() + i % kCount, kBatch};
  }

 private:
  static constexpr std::size_t kCount = 2 * kBatch;
  alignas(64) std::array<T, kCount> values_{};
};

}  // namespace arena_shm::bench
