// Sequence numbers near the places where narrower or signed ones would end, and where they do end.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using core::kSeqLimit;
using test::code_of;
using test::SegmentFile;
using test::TempName;

class CounterTest : public ::testing::TestWithParam<std::tuple<std::uint64_t, Writers>> {
 protected:
  std::uint64_t slots() const { return std::get<0>(GetParam()); }
  Writers writers() const { return std::get<1>(GetParam()); }

  /// An arena that has seen `head` values.
  Arena<std::uint64_t> wound_to(std::uint64_t head) {
    auto arena = Arena<std::uint64_t>::create(name_, {.slots = slots(), .writers = writers(), .seats = 8});
    SegmentFile(name_).wind_to(head);
    return arena;
  }

  TempName name_;
};

TEST_P(CounterTest, NothingSpecialHappensAtPowersOfTwo) {
  for (const int bits : {8, 16, 31, 32, 33, 48, 53, 60}) {
    const std::uint64_t power = std::uint64_t{1} << bits;
    const std::uint64_t begin = power - std::min(power, 2 * slots() + 3);
    auto arena = wound_to(begin);
    {
      auto reader = arena.reader(From::newest);
      auto late = arena.reader(From::newest);
      auto writer = arena.writer();
      const std::vector<std::uint64_t> batch{1, 2, 3};
      for (std::uint64_t seq = begin; seq < begin + 4 * slots() + 9;) {
        ASSERT_EQ(writer.alloc(seq).seq, seq);
        ASSERT_EQ(*arena.read(seq), seq);
        ASSERT_EQ(reader.next()->value, seq++);
        ASSERT_EQ(writer.alloc(batch).first, seq);
        seq += 3;
        while (reader.next()) {
        }
        ASSERT_EQ(reader.cursor(), seq);
        ASSERT_EQ(arena.read(seq).status, ReadStatus::not_yet);
        if (seq > slots()) {
          ASSERT_EQ(arena.read(seq - slots() - 1).status, ReadStatus::overwritten);
        }
      }
      EXPECT_EQ(SegmentFile(name_).seat(writer.seat()).skipped, 0U);
      while (late.next()) {
      }
      EXPECT_EQ(late.cursor(), arena.head());
      EXPECT_EQ(late.cursor() - begin, late.read_count() + late.overwritten_count());
    }
    if (writers() == Writers::shared) {
      const std::uint64_t head = arena.head();
      for (std::uint64_t i = 0; i < 100; ++i) ASSERT_EQ(arena.alloc(i).seq, head + i);
    }
    Arena<std::uint64_t>::remove(name_);
  }
}

TEST_P(CounterTest, TheLastSeqIsTheOneBelowTheLimit) {
  auto arena = wound_to(kSeqLimit - 2);
  auto reader = arena.reader(From::newest);
  {
    auto writer = arena.writer();
    EXPECT_EQ(writer.alloc(1).seq, kSeqLimit - 2);
    EXPECT_EQ(writer.alloc(2).seq, kSeqLimit - 1);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(code_of([&] { writer.alloc(3); }), Code::exhausted);
    EXPECT_EQ(code_of([&] { writer.try_alloc(3); }), Code::exhausted);
    EXPECT_EQ(code_of([&] { writer.alloc(std::vector<std::uint64_t>{1, 2}); }), Code::exhausted);
    EXPECT_EQ(code_of([&] { writer.alloc_with([](SlotWriter&) noexcept {}); }), Code::exhausted);
  }
  EXPECT_EQ(code_of([&] { arena.alloc(3); }), Code::exhausted);
  EXPECT_EQ(code_of([&] { arena.alloc(3); }), Code::exhausted) << "and the mutex is free again";
  EXPECT_EQ(*arena.read(kSeqLimit - 1), 2U);
  EXPECT_EQ(arena.read(kSeqLimit).status, ReadStatus::not_yet);
  std::uint64_t last = 0;
  while (const auto entry = reader.next()) last = entry->seq;
  EXPECT_EQ(last, kSeqLimit - 1);
  EXPECT_EQ(reader.cursor(), kSeqLimit);
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_FALSE(reader.wait_for(std::chrono::milliseconds(1)));
  EXPECT_EQ(arena.reader(From::newest).cursor(), kSeqLimit);
  if (writers() == Writers::exclusive) return;  // whose one seat the handle has by now
  EXPECT_EQ(code_of([&] { arena.writer(); }), std::nullopt) << "who comes later is told by alloc";
  EXPECT_EQ(code_of([&] { arena.writer().alloc(3); }), Code::exhausted);
}

TEST_P(CounterTest, ABatchAcrossTheLimitEndsInAnErrorAndWhatItHeldIsAccountedFor) {
  auto arena = wound_to(kSeqLimit - 2);
  auto reader = arena.reader(From::newest);
  auto writer = arena.writer();
  const std::vector<std::uint64_t> batch(slots() + 5, 1);
  EXPECT_EQ(code_of([&] { writer.alloc(batch); }), Code::exhausted);
  while (reader.next()) {
  }
  EXPECT_EQ(reader.cursor(), kSeqLimit);
  EXPECT_EQ(reader.read_count() + reader.hole_count() + reader.overwritten_count(), 2U);
  EXPECT_EQ(reader.passed_over_count(), 0U);
}

// As after a crash that left the slots behind: stamps that are far older than the lap before.
TEST_P(CounterTest, ACounterFarAheadOfTheStampsIsNoObstacle) {
  auto arena = wound_to(0);
  SegmentFile file(name_);
  file.head() = std::uint64_t{1} << 40;
  auto writer = arena.writer();
  for (std::uint64_t i = 0; i < 3 * slots(); ++i) {
    const auto entry = writer.alloc(i);
    ASSERT_EQ(entry.seq, (std::uint64_t{1} << 40) + i);
    ASSERT_EQ(*arena.read(entry.seq), i);
  }
}

INSTANTIATE_TEST_SUITE_P(Rings, CounterTest,
                         ::testing::Combine(::testing::Values(1, 2, 3, 7, 64, 1000),
                                            ::testing::Values(Writers::shared, Writers::exclusive)),
                         [](const auto& test) {
                           return std::to_string(std::get<0>(test.param)) +
                                  (std::get<1>(test.param) == Writers::shared ? "shared" : "exclusive");
                         });

}  // namespace
}  // namespace arena_shm
