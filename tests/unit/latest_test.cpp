// The newest value.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/raw.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::TempName;
using Numbers = Arena<std::uint64_t>;

class LatestTest : public ::testing::TestWithParam<Options> {};

TEST_P(LatestTest, IsTheOneThatWasAppendedLast) {
  const TempName name;
  const auto arena = Numbers::create(name, GetParam());
  EXPECT_FALSE(arena.latest());
  auto writer = arena.writer();
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto written = writer.alloc(100 + i);
    const auto latest = arena.latest();
    ASSERT_TRUE(latest);
    EXPECT_EQ(latest->seq, written.seq);
    EXPECT_EQ(latest->value, 100 + i);
    EXPECT_EQ(latest->time, written.time);
  }
}

TEST_P(LatestTest, WhatIsUnderWayIsNotThereYet) {
  const TempName name;
  const auto arena = Numbers::create(name, GetParam());
  test::SegmentFile file(name);
  auto writer = arena.writer();
  for (std::uint64_t i = 0; i < 5; ++i) writer.alloc(i);
  const core::Header lane = core::lane_header(file.header(), 0);
  auto& head = file.at<std::atomic<std::uint64_t>>(core::head_offset_bytes(lane));
  head += 2;
  auto& stamp = file.at<std::atomic<std::uint64_t>>(lane.slots.offset_bytes + 5 * lane.stride_bytes);
  EXPECT_EQ(arena.latest()->value, 4U);
  stamp = core::busy(5);
  EXPECT_EQ(arena.latest()->value, 4U);
  // All slots are claimed anew: nothing is left of the lap before.
  head = 5 + lane.slot_count;
  for (std::uint64_t n = 5; n < 5 + lane.slot_count; ++n)
    file.at<std::atomic<std::uint64_t>>(lane.slots.offset_bytes + n % lane.slot_count * lane.stride_bytes) =
        core::busy(n);
  EXPECT_FALSE(arena.latest());
}

constexpr Options kShared{.slots = 7};
constexpr Options kExclusive{.slots = 7, .writers = Writers::exclusive, .time = true};
constexpr Options kLaned{.slots = 7, .writers = Writers::laned, .seats = 3};
constexpr Options kLanedWithTimes{.slots = 7, .writers = Writers::laned, .seats = 3, .time = true};
INSTANTIATE_TEST_SUITE_P(Kinds, LatestTest, testing::Values(kShared, kExclusive, kLaned, kLanedWithTimes));

TEST(LatestOfLanesTest, TimesDecideWhereThereAreAny) {
  const TempName name;
  const auto arena = Numbers::create(name, kLanedWithTimes);
  auto first = arena.writer();
  auto second = arena.writer();
  for (int i = 0; i < 5; ++i) second.alloc(1);
  first.alloc(2);  // a lower number, and a later time
  EXPECT_EQ(arena.latest()->value, 2U);
  second.alloc(3);
  EXPECT_EQ(arena.latest()->value, 3U);
}

TEST(LatestOfLanesTest, OfBytesItIsTheSame) {
  const TempName name;
  const auto arena = RawArena::create(name, {.name = "", .size_bytes = 3, .align_bytes = 1, .schema = ""}, kLaned);
  std::vector<std::byte> value(3);
  EXPECT_FALSE(arena.latest(value));
  auto writer = arena.writer();
  const std::vector<std::byte> written{std::byte{1}, std::byte{2}, std::byte{3}};
  const std::uint64_t seq = writer.alloc(written);
  EXPECT_EQ(arena.latest(value), seq);
  EXPECT_EQ(value, written);
}

}  // namespace
}  // namespace arena_shm
