// Order::time, and times that cannot be: of a clock that has gone back, of another boot, of a peer that lies.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "unit/time_order_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;

class TimeOrderClockTest : public TimedLanesTest {
 protected:
  static constexpr std::uint32_t kLanes = 3;
  static constexpr std::uint64_t kSlots = 8192;

  TimeOrderClockTest() : TimedLanesTest(kLanes, kSlots) {}
};

TEST_F(TimeOrderClockTest, APeerThatLiesUnmarksNobody) {
  claim(2);
  put(0, 1, 100);
  auto reader = this->reader(0ns);
  EXPECT_EQ(rest_of(reader), Values{1});
  put(1, 2, seconds(100'000));
  EXPECT_EQ(marked_rest_of(reader), (Marked{{2, true}}));
  finish(2, 0, 3, 50);
  EXPECT_EQ(marked_rest_of(reader), (Marked{{3, true}})) << "it is older than the first one";
}

TEST_F(TimeOrderClockTest, ValuesOfAnotherBootComeInTheirOrder) {
  for (std::uint64_t i = 0; i < 30; ++i) put(static_cast<std::uint32_t>(2 - i % 3), i, seconds(100'000) + 10 * i);
  auto reader = this->reader();
  Values expected;
  for (std::uint64_t i = 0; i < 30; ++i) expected.push_back(i);
  EXPECT_EQ(rest_of(reader), expected);
  EXPECT_FALSE(reader.is_exact());
}

TEST_F(TimeOrderClockTest, ATimeThatCannotBeIsFoundWhileAllLanesHaveValues) {
  put(1, 1, seconds(100'000));
  for (std::uint64_t i = 0; i < kSlots; ++i) put(0, 0, i);
  put(2, 0, kSlots);
  auto reader = this->reader();
  std::uint64_t before = 0;
  while (reader.next()->value == 0) ++before;
  EXPECT_GT(before, 0U);
  EXPECT_LT(before, kSlots);
  EXPECT_FALSE(reader.is_exact());
}

TEST_F(TimeOrderClockTest, OneThatIsSetAsideMayBeWildToo) {
  claim(2);
  for (std::uint64_t i = 0; i < 4200; ++i) put(0, i, i);
  for (std::uint64_t i = 0; i < 4200; ++i) put(1, i, i);
  auto reader = this->reader(0ns);
  for (int i = 0; i < 4096; ++i) ASSERT_TRUE(reader.next());
  finish(2, 0, 1'000'000, seconds(100'000));
  finish(2, 1, 1'000'001, seconds(100'001));
  std::uint64_t seen = 4096;
  while (reader.next()) ++seen;
  EXPECT_EQ(seen, 2U * 4200 + 1);
  EXPECT_EQ(reader.read_count(), seen);
  put(2, 5, seconds(1));
  put(2, 6, seconds(2));
  EXPECT_EQ(rest_of(reader), (Values{5, 6}));
}

TEST_F(TimeOrderClockTest, TheHighestTimeThereIsDoesNoHarm) {
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const std::uint64_t seq = writer(lane).alloc(lane).seq;
    set_time(seq, std::numeric_limits<std::uint64_t>::max());
    set_time(writer(lane).alloc(10 + lane).seq, 0);
  }
  auto reader = this->reader();
  EXPECT_EQ(rest_of(reader).size(), 2 * kLanes);
  EXPECT_FALSE(reader.is_exact());
  put(1, 7, 10);
  EXPECT_EQ(rest_of(reader), Values{7});
}

/// Of three values of one lane, with other times: those that are not 0.
TimedLanesTest::Marked one_lane(const Options& options, std::array<std::uint64_t, 3> times) {
  const test::TempName name;
  const auto arena = Arena<std::uint64_t>::create(name, options);
  test::SegmentFile file(name);
  auto writer = arena.writer();
  const core::Header header = core::lane_header(file.header(), 0);
  for (std::size_t i = 0; i < times.size(); ++i) {
    writer.alloc(i);
    const std::uint64_t slot = header.slots.offset_bytes + i * header.stride_bytes;
    if (times[i] != 0) file.at<std::uint64_t>(slot + core::kTimeOffsetBytes) = times[i];
  }
  auto reader = arena.reader(From::oldest, {.order = Order::time});
  EXPECT_TRUE(reader.is_exact());
  TimedLanesTest::Marked values;
  while (const auto entry = reader.next()) values.emplace_back(entry->value, entry->late);
  EXPECT_FALSE(reader.is_exact());
  return values;
}

TEST(TimeOrderOneLaneTest, TimesThatGoBackAreMarked) {
  constexpr std::uint64_t kFuture = ~std::uint64_t{0} / 2;
  for (const Options& options : {Options{.slots = 8, .writers = Writers::exclusive, .time = true},
                                 Options{.slots = 8, .writers = Writers::laned, .seats = 1, .time = true}}) {
    EXPECT_EQ(one_lane(options, {0, 5, 0}), (TimedLanesTest::Marked{{0, false}, {1, true}, {2, false}}));
    EXPECT_EQ(one_lane(options, {kFuture, 0, 0}), (TimedLanesTest::Marked{{0, false}, {1, true}, {2, false}}))
        << "the clock has gone back: what comes after is in order again";
  }
}

TEST(TimeOrderOneLaneTest, WhatIsPendingIsNotPassedOver) {
  const test::TempName name;
  const auto arena = Arena<std::uint64_t>::create(name, {.slots = 8, .writers = Writers::exclusive, .time = true});
  test::SegmentFile file(name);
  auto writer = arena.writer();
  auto reader = arena.reader(From::oldest, {.hold = 0ns, .order = Order::time});
  file.seat(0).hi.fetch_add(1);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.wait_for(1ms));
  file.stamp(0) = core::done(0);
  EXPECT_TRUE(reader.next());
  writer.alloc(1);
  EXPECT_TRUE(reader.wait_for(1s));
  EXPECT_TRUE(reader.next());
  EXPECT_EQ(reader.passed_over_count(), 0U);
}

}  // namespace
}  // namespace arena_shm
