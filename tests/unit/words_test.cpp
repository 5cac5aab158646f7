#include "arena_shm/core/words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace arena_shm::core {
namespace {

constexpr std::size_t kLargest = 300;
constexpr std::uint64_t kGuard = 0xa5a5'a5a5'a5a5'a5a5;

std::vector<std::byte> random_bytes(std::size_t count) {
  std::mt19937 random(static_cast<unsigned>(count));
  std::vector<std::byte> bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 255 + 1);  // never zero: the tail is
  return bytes;
}

/// Room for `words` words from index 1 or 2 on, so that their alignment to 16 bytes varies; guards around them.
std::vector<std::uint64_t> guarded(std::size_t words) { return std::vector<std::uint64_t>(words + 4, kGuard); }

TEST(WordsTest, WordsForRoundsUp) {
  EXPECT_EQ(words_for(0), 0U);
  EXPECT_EQ(words_for(1), 1U);
  EXPECT_EQ(words_for(8), 1U);
  EXPECT_EQ(words_for(9), 2U);
}

TEST(WordsTest, StoresEachSizeFromEachAlignmentWithAZeroTailAndNothingBeyond) {
  for (std::size_t size = 1; size <= kLargest; ++size) {
    for (std::size_t shift = 0; shift < 8; ++shift) {
      const std::vector<std::byte> bytes = random_bytes(size + shift);
      for (std::size_t begin = 1; begin <= 2; ++begin) {
        std::vector<std::uint64_t> memory = guarded(words_for(size));
        store_words(&memory[begin], bytes.data() + shift, size);
        const auto* stored = reinterpret_cast<const std::byte*>(&memory[begin]);
        ASSERT_EQ(std::memcmp(stored, bytes.data() + shift, size), 0) << size << " bytes";
        for (std::size_t i = size; i < words_for(size) * 8; ++i) ASSERT_EQ(stored[i], std::byte{0}) << size << " bytes";
        for (std::size_t i = 0; i < memory.size(); ++i) {
          const bool beyond = i < begin || i >= begin + words_for(size);
          ASSERT_TRUE(!beyond || memory[i] == kGuard) << size << " bytes, word " << i;
        }
      }
    }
  }
}

TEST(WordsTest, LoadsEachSizeToEachAlignmentAndNothingBeyond) {
  for (std::size_t size = 1; size <= kLargest; ++size) {
    const std::vector<std::byte> bytes = random_bytes(size);
    for (std::size_t begin = 1; begin <= 2; ++begin) {
      std::vector<std::uint64_t> memory = guarded(words_for(size));
      store_words(&memory[begin], bytes.data(), size);
      for (std::size_t shift = 0; shift < 8; ++shift) {
        std::vector<std::byte> loaded(size + shift + 16, std::byte{0x5a});
        load_words(loaded.data() + shift, &memory[begin], size);
        ASSERT_EQ(std::memcmp(loaded.data() + shift, bytes.data(), size), 0) << size << " bytes";
        for (std::size_t i = 0; i < loaded.size(); ++i) {
          const bool beyond = i < shift || i >= shift + size;
          ASSERT_TRUE(!beyond || loaded[i] == std::byte{0x5a}) << size << " bytes, byte " << i;
        }
      }
    }
  }
}

// Under AddressSanitizer this finds reads beyond the source, too: the vectors end exactly there.
TEST(WordsTest, ReadsNothingBeyondItsSource) {
  for (std::size_t size = 1; size <= kLargest; ++size) {
    const std::vector<std::byte> bytes = random_bytes(size);
    std::vector<std::uint64_t> words(words_for(size));
    std::vector<std::byte> loaded(size);
    store_words(words.data(), bytes.data(), size);
    load_words(loaded.data(), words.data(), size);
    ASSERT_EQ(loaded, bytes);
  }
}

TEST(WordsTest, NoStaleByteOfALongerValueStays) {
  std::vector<std::uint64_t> memory(2, ~std::uint64_t{0});
  const std::vector<std::byte> bytes = random_bytes(11);
  store_words(memory.data(), bytes.data(), bytes.size());
  EXPECT_EQ(memory[1] >> 24, 0U);
}

#if defined(__x86_64__)
// A function that is compiled for AVX, in a file that is not: the upper halves of its registers are its own.
TEST(WordsTest, LeavesTheRegistersOfAnAvxFunctionAlone) {
  if (__builtin_cpu_supports("avx2") == 0) GTEST_SKIP() << "this processor has no AVX2";
  using Numbers [[gnu::vector_size(32)]] = double;
  const auto sum = []() __attribute__((target("avx2"), noinline)) {
    std::array<std::uint64_t, 32> memory{};
    std::array<std::uint64_t, 32> value{};
    Numbers stored{};
    Numbers loaded{};
    for (int i = 0; i < 100; ++i) {
      stored += Numbers{1, 2, 3, 4};
      store_words(memory.data(), value.data(), sizeof(value));
    }
    for (int i = 0; i < 100; ++i) {
      loaded += Numbers{1, 2, 3, 4};
      load_words(value.data(), memory.data(), sizeof(value));
    }
    return stored[0] + stored[1] + stored[2] + stored[3] + loaded[0] + loaded[1] + loaded[2] + loaded[3];
  };
  EXPECT_EQ(sum(), 2000);
}
#endif

}  // namespace
}  // namespace arena_shm::core
