#include "arena_shm/core/slot.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "arena_shm/core/slot_writer.hpp"

namespace arena_shm::core {
namespace {

struct Memory {
  alignas(64) std::array<std::uint64_t, 8> words{};
  Slot slot{reinterpret_cast<std::byte*>(words.data()), 8};
  void put(std::uint64_t seq, std::uint64_t value) {
    slot.publish(seq, [&](std::uint64_t* payload) noexcept { store_word(payload, value); });
  }
};

TEST(SlotTest, PayloadStandsWhereItWasSaid) {
  Memory memory;
  EXPECT_EQ(memory.slot.payload(), reinterpret_cast<const std::byte*>(&memory.words[1]));
  memory.put(4, 77);
  EXPECT_EQ(memory.words[0], done(4));
  EXPECT_EQ(memory.words[1], 77U);
}

TEST(SlotTest, StampIsBusyWhileTheValueIsFilledIn) {
  Memory memory;
  memory.put(0, 1);
  memory.slot.publish(3, [&](std::uint64_t*) noexcept { EXPECT_EQ(memory.slot.stamp(), busy(3)); });
  EXPECT_EQ(memory.slot.stamp(), done(3));
}

TEST(SlotTest, TakesAValueThatStays) {
  Memory memory;
  memory.put(5, 55);
  std::uint64_t value = 0;
  EXPECT_TRUE(memory.slot.take(done(5), [&](const std::uint64_t* payload) noexcept { value = load_word(payload); }));
  EXPECT_EQ(value, 55U);
}

// R4: whatever happens to the slot while it is copied, the copy does not count.
TEST(SlotTest, RefusesAValueThatIsOverwrittenWhileItIsCopied) {
  Memory memory;
  memory.put(5, 55);
  EXPECT_FALSE(memory.slot.take(done(5), [&](const std::uint64_t*) noexcept { memory.put(8, 88); }));
}

TEST(SlotTest, RefusesAValueThatIsBeginningToBeOverwritten) {
  Memory memory;
  memory.put(5, 55);
  EXPECT_FALSE(memory.slot.take(done(5), [&](const std::uint64_t*) noexcept { memory.words[0] = busy(8); }));
}

TEST(SlotWriterTest, AppendsWithoutGapsAndZeroesTheRest) {
  std::vector<std::uint64_t> payload(4, ~std::uint64_t{0});
  SlotWriter writer(payload.data(), 27);
  EXPECT_EQ(writer.size_bytes(), 27U);
  EXPECT_TRUE(writer.append(std::uint8_t{0x11}));
  EXPECT_TRUE(writer.append(std::uint64_t{0x9988'7766'5544'3322}));
  EXPECT_TRUE(writer.append(std::uint16_t{0xbbaa}));
  EXPECT_EQ(writer.written_bytes(), 11U);
  writer.finish();
  EXPECT_EQ(payload, (std::vector<std::uint64_t>{0x8877'6655'4433'2211, 0xbb'aa99, 0, 0}));
}

TEST(SlotWriterTest, RefusesWhatDoesNotFitAndAppendsNothingOfIt) {
  std::vector<std::uint64_t> payload(2, ~std::uint64_t{0});
  SlotWriter writer(payload.data(), 6);
  EXPECT_TRUE(writer.append(std::uint32_t{7}));
  EXPECT_FALSE(writer.append(std::uint32_t{8}));
  EXPECT_TRUE(writer.append(std::uint16_t{9}));
  EXPECT_FALSE(writer.append(std::uint8_t{1}));
  writer.finish();
  EXPECT_EQ(payload, (std::vector<std::uint64_t>{0x9'0000'0007, ~std::uint64_t{0}}));
}

TEST(SlotWriterTest, EachSizeInEachStepIsTheSameAsACopy) {
  for (std::size_t size = 1; size < 70; ++size) {
    for (std::size_t step = 1; step <= size; ++step) {
      std::vector<std::uint8_t> bytes(size);
      for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i + 1);
      std::vector<std::uint64_t> payload(words_for(size) + 1, ~std::uint64_t{0});
      std::vector<std::uint64_t> expected = payload;
      store_words(expected.data(), bytes.data(), size);
      SlotWriter writer(payload.data(), size);
      for (std::size_t at = 0; at < size; at += step) ASSERT_TRUE(writer.append(&bytes[at], std::min(step, size - at)));
      writer.finish();
      ASSERT_EQ(payload, expected) << size << " bytes in steps of " << step;
    }
  }
}

template <std::size_t bytes>
void append_one_behind(std::size_t already) {
  std::array<std::uint8_t, 8 + bytes + 3> expected{};
  for (std::size_t i = 0; i < already + bytes; ++i) expected[i] = static_cast<std::uint8_t>(i + 1);
  std::array<std::uint8_t, bytes> value;
  std::copy_n(expected.data() + already, bytes, value.data());
  std::vector<std::uint64_t> payload(words_for(expected.size()) + 1, ~std::uint64_t{0});
  std::vector<std::uint64_t> expected_words = payload;
  store_words(expected_words.data(), expected.data(), expected.size());
  SlotWriter writer(payload.data(), expected.size());
  for (std::size_t i = 0; i < already; ++i) ASSERT_TRUE(writer.append(expected[i]));
  ASSERT_TRUE(writer.append(value));
  ASSERT_EQ(writer.written_bytes(), already + bytes);
  writer.finish();
  ASSERT_EQ(payload, expected_words) << bytes << " bytes behind " << already;
}

TEST(SlotWriterTest, ValuesOfEachSizeMayBeginAnywhere) {
  const auto each_size = []<std::size_t... i>(std::size_t already, std::index_sequence<i...>) {
    (append_one_behind<i + 1>(already), ...);
  };
  for (std::size_t already = 0; already <= 8; ++already) each_size(already, std::make_index_sequence<80>{});
}

}  // namespace
}  // namespace arena_shm::core
