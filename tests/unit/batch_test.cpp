// Batches, and values made in place.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::SegmentFile;
using test::TempName;

class BatchTest : public ::testing::TestWithParam<Writers> {
 protected:
  std::vector<std::uint64_t> numbers(std::size_t count) {
    std::vector<std::uint64_t> values(count);
    std::iota(values.begin(), values.end(), next_);
    next_ += count;
    return values;
  }

  TempName name_;
  Arena<std::uint64_t> arena_ = Arena<std::uint64_t>::create(name_, {.slots = 7, .writers = GetParam()});
  std::uint64_t next_ = 0;  // so that value and seq are the same
};

TEST_P(BatchTest, ValuesGetTheSeqsInTheirOrder) {
  auto writer = arena_.writer();
  for (const std::size_t count : {std::size_t{1}, std::size_t{3}, std::size_t{7}, std::size_t{6}}) {
    const std::uint64_t first = next_;
    const SeqRange range = writer.alloc(numbers(count));
    EXPECT_EQ(range.first, first);
    EXPECT_EQ(range.last, first + count - 1);
    EXPECT_EQ(range.count, count);
    for (std::uint64_t seq = next_ > 7 ? next_ - 7 : 0; seq < next_; ++seq) EXPECT_EQ(*arena_.read(seq), seq);
  }
  EXPECT_EQ(arena_.head(), 17U);
}

TEST_P(BatchTest, LargerThanTheRingItGoesRound) {
  auto writer = arena_.writer();
  const SeqRange range = writer.alloc(numbers(1000));
  EXPECT_EQ(range.first, 0U);
  EXPECT_EQ(range.last, 999U);
  EXPECT_EQ(range.count, 1000U);
  for (std::uint64_t seq = 993; seq < 1000; ++seq) EXPECT_EQ(*arena_.read(seq), seq);
  EXPECT_EQ(arena_.read(992).status, ReadStatus::overwritten);
  EXPECT_EQ(SegmentFile(name_).seat(0).values, 1000U);
}

TEST_P(BatchTest, AnEmptyOneIsNothing) {
  auto writer = arena_.writer();
  EXPECT_EQ(writer.alloc(std::span<const std::uint64_t>()).count, 0U);
  EXPECT_EQ(arena_.head(), 0U);
  EXPECT_EQ(writer.alloc(1).seq, 0U);
}

TEST_P(BatchTest, SingleValuesGoOnBehindIt) {
  auto writer = arena_.writer();
  writer.alloc(numbers(5));
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t seq = next_++;
    EXPECT_EQ(writer.alloc(seq).seq, seq);
  }
  writer.alloc(numbers(3));
  EXPECT_EQ(*arena_.read(27), 27U);
}

TEST_P(BatchTest, ACallableThatThrowsLeavesNoHole) {
  auto writer = arena_.writer();
  writer.alloc(0);
  EXPECT_THROW(writer.alloc_with([](std::uint64_t&) { throw std::runtime_error("no value"); }), std::runtime_error);
  EXPECT_EQ(arena_.head(), 1U);
  const auto entry = writer.alloc_with([](std::uint64_t& value) {
    EXPECT_EQ(value, 0U) << "it begins empty";
    value = 9;
  });
  EXPECT_EQ(entry.seq, 1U);
  EXPECT_EQ(entry.value, 9U);
  EXPECT_EQ(*arena_.read(1), 9U);
}

struct Tick {
  std::uint64_t ts;
  double price;

  void clear() { price = -1; }
};

struct Overloaded {
  void operator()(Tick& tick) const { tick.price = 2; }
  void operator()(SlotWriter&) const noexcept {}
};

// It is not asked whether it would also do for a SlotWriter, of which its body need not make sense.
TEST_P(BatchTest, ACallableThatTakesWhateverThereIsGetsTheValue) {
  const TempName name;
  auto arena = Arena<Tick>::create(name, {.slots = 8, .writers = GetParam()});
  auto writer = arena.writer();
  EXPECT_EQ(writer.alloc_with([](auto& tick) { tick.price = 1; }).value.price, 1);
  EXPECT_EQ(writer.alloc_with([](auto&& tick) noexcept { tick.price = 3; }).value.price, 3);
  EXPECT_EQ(writer.alloc_with(Overloaded{}).value.price, 2);
  EXPECT_EQ(writer.alloc_with(&Tick::clear).value.price, -1);
  auto counting = [count = 0](auto& tick) mutable { tick.price = ++count; };
  writer.alloc_with(counting);
  EXPECT_EQ(writer.alloc_with(counting).value.price, 2);
  const std::uint64_t seq = writer.alloc_with([](SlotWriter& slot) noexcept { slot.append(Tick{7, 8}); });
  EXPECT_EQ(arena.read(seq)->ts, 7U);
}

TEST_P(BatchTest, WhatIsNotAppendedInPlaceIsZero) {
  const TempName name;
  using Value = std::array<std::uint8_t, 13>;
  auto arena = Arena<Value>::create(name, {.slots = 1, .writers = GetParam()});
  auto writer = arena.writer();
  Value full;
  full.fill(0xff);
  writer.alloc(full);
  const std::uint64_t seq = writer.alloc_with([](SlotWriter& slot) noexcept {
    EXPECT_EQ(slot.size_bytes(), 13U);
    EXPECT_TRUE(slot.append(std::uint16_t{0x0201}));
    EXPECT_FALSE(slot.append(Value{})) << "it does not fit any more";
  });
  EXPECT_EQ(*arena.read(seq), (Value{1, 2}));
}

INSTANTIATE_TEST_SUITE_P(Writers, BatchTest, ::testing::Values(Writers::shared, Writers::exclusive),
                         [](const auto& test) { return test.param == Writers::shared ? "shared" : "exclusive"; });

// Two handles of one process, batches and single values in turn: no claim of a batch that is over covers later seqs.
TEST(BatchesOfTwoTest, LeaveNoClaimBehind) {
  const TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 4, .seats = 4});
  auto first = arena.writer();
  auto second = arena.writer();
  const std::vector<std::uint64_t> batch{1, 2, 3};
  for (int i = 0; i < 50; ++i) {
    first.alloc(batch);
    second.alloc(4);
    first.alloc(5);
    second.alloc(batch);
  }
  EXPECT_EQ(arena.head(), 400U);
  SegmentFile file(name);
  EXPECT_EQ(file.seat(0).skipped + file.seat(1).skipped, 0U);
}

}  // namespace
}  // namespace arena_shm
