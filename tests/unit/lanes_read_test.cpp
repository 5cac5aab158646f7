// Readers of laned arenas: a cursor for each lane.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/wait_set.hpp"
#include "support/code_of.hpp"
#include "unit/lanes_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::code_of;
using test::TempName;

TEST_F(LanesTest, WhatIsPendingHoldsUpItsOwnLaneOnly) {
  auto first = arena_.writer();
  auto second = arena_.writer();
  first.alloc(1);
  file_.seat(0).hi = 2;
  auto reader = arena_.reader(From::oldest, {.hold = 1h});
  for (std::uint64_t i = 0; i < 3; ++i) second.alloc(10 + i);
  Values values = rest_of(reader);
  std::ranges::sort(values);
  EXPECT_EQ(values, (Values{1, 10, 11, 12}));
  EXPECT_FALSE(reader.wait_for(1ms));
  EXPECT_EQ(reader.lag(), 1U);
  second.alloc(13);
  EXPECT_TRUE(reader.wait_for(1h));
  EXPECT_EQ(rest_of(reader), Values{13});
  EXPECT_EQ(reader.passed_over_count(), 0U);
  stamp(0, 1) = core::done(1);
  EXPECT_TRUE(reader.wait_for(1h));
  EXPECT_EQ(rest_of(reader).size(), 1U);
}

TEST_F(LanesTest, AStoppedWritersBatchIsPassedOverOnceAndForAll) {
  auto writer = arena_.writer();
  file_.seat(0).hi = 5;
  auto reader = arena_.reader(From::oldest, {.hold = 1ms});
  std::vector<Gap> gaps;
  reader.on_gap([&](const Gap& gap) { gaps.push_back(gap); });
  EXPECT_FALSE(reader.wait_for(20ms));
  EXPECT_EQ(reader.passed_over_count(), 5U);
  std::uint64_t passed_over = 0;
  for (const Gap& gap : gaps) {
    EXPECT_EQ(gap.cause, Loss::passed_over);
    EXPECT_EQ(gap.step, kLanes);
    passed_over += gap.count();
  }
  EXPECT_EQ(passed_over, 5U);
  EXPECT_EQ(gaps.front().first, 0U);
  EXPECT_EQ(gaps.back().last, 4U * kLanes);
}

TEST_F(LanesTest, ARunOfOneLaneEnds) {
  const TempName name;
  const auto arena = Arena<std::uint64_t>::create(name, {.slots = 4096, .writers = Writers::laned, .seats = 2});
  auto other = arena.writer();
  auto busy = arena.writer();  // of the lane that a reader begins with: the one behind the first
  busy.alloc(numbers(2000));
  other.alloc(9999);
  auto reader = arena.reader(From::oldest);
  std::size_t before = 0;
  while (reader.next().value().value != 9999) ++before;
  EXPECT_GT(before, 0U);
  EXPECT_LE(before, 256U);
  EXPECT_EQ(rest_of(reader).size(), 2000 - before);
}

TEST_F(LanesTest, EachIsLappedAndCountedForItself) {
  auto first = arena_.writer();
  auto second = arena_.writer();
  auto reader = arena_.reader(From::oldest);
  std::uint64_t lost = 0;
  reader.on_gap([&](const Gap& gap) {
    EXPECT_EQ(arena_.lane_of(gap.first), 0U);
    EXPECT_EQ(gap.cause, Loss::overwritten);
    lost += gap.count();
  });
  first.alloc(numbers(kSlots + 4));
  second.alloc(numbers(2, 100));
  const Values values = rest_of(reader);
  EXPECT_EQ(values.size(), kSlots + 2);
  EXPECT_EQ(lost, 4U);
  const LaneCounts lapped = reader.counts(0);
  EXPECT_EQ(lapped.cursor, (kSlots + 4) * kLanes);
  EXPECT_EQ(lapped.read, kSlots);
  EXPECT_EQ(lapped.overwritten, 4U);
  const LaneCounts other = reader.counts(1);
  EXPECT_EQ(other.cursor, 2U * kLanes + 1);
  EXPECT_EQ(other.read, 2U);
  EXPECT_EQ(other.overwritten, 0U);
  EXPECT_EQ(reader.read_count(), kSlots + 2);
  EXPECT_EQ(reader.overwritten_count(), 4U);
  EXPECT_EQ(reader.cursor(), 2U) << "the lane without a writer";
}

TEST_F(LanesTest, APositionIsWhereAnotherReaderGoesOn) {
  auto first = arena_.writer();
  auto second = arena_.writer();
  first.alloc(numbers(3));
  second.alloc(numbers(2, 10));
  auto reader = arena_.reader(From::oldest);
  reader.next();
  reader.next();
  const Position position = reader.position();
  EXPECT_EQ(position.next().size(), kLanes);
  auto other = arena_.reader(From::at(position));
  EXPECT_EQ(other.position(), position);
  EXPECT_EQ(rest_of(other), rest_of(reader));
  EXPECT_EQ(other.position(), reader.position());
  other.seek(position);
  EXPECT_EQ(rest_of(other).size(), 3U);
  EXPECT_EQ(other.read_count(), 6U);
}

TEST_F(LanesTest, APositionThatIsNoneIsRefused) {
  const auto refused = [&](Values next) {
    return code_of([&] { arena_.reader(From::at(Position(std::move(next)))); }) == Code::invalid_argument;
  };
  EXPECT_FALSE(refused({0, 1, 2}));
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({0, 1}));
  EXPECT_TRUE(refused({0, 1, 2, 3}));
  EXPECT_TRUE(refused({0, 1, 3})) << "of another lane";
  const std::uint64_t limit = core::kSeqLimit / kLanes * kLanes;
  EXPECT_FALSE(refused({limit, limit + 1, limit + 2}));
  EXPECT_TRUE(refused({limit + kLanes, 1, 2}));
  auto reader = arena_.reader(From::oldest);
  EXPECT_EQ(code_of([&] { reader.seek(From::at(core::kSeqLimit + 1)); }), Code::invalid_argument);
}

TEST_F(LanesTest, ASeqIsWhereEachLaneBegins) {
  std::vector<Writer> writers;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) writers.push_back(arena_.writer());
  for (std::uint64_t n = 0; n < 4; ++n) {
    for (Writer& writer : writers) writer.alloc(n * kLanes + writer.seat());
  }
  auto reader = arena_.reader(From::at(5));
  EXPECT_EQ(reader.position(), Position({6, 7, 5}));
  Values values = rest_of(reader);
  std::ranges::sort(values);
  EXPECT_EQ(values, numbers(7, 5));
  reader.seek(From::at(0));
  EXPECT_EQ(reader.position(), Position({0, 1, 2}));
  reader.seek(From::newest);
  EXPECT_EQ(reader.position(), Position({12, 13, 14}));
  EXPECT_EQ(reader.lag(), 0U);
}

TEST_F(LanesTest, AValueInAnyOfThemWakes) {
  std::vector<Writer> writers;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) writers.push_back(arena_.writer());
  auto reader = arena_.reader(From::oldest);
  auto second = arena_.reader(From::oldest);
  WaitSet set;
  set.add(second);
  for (int i = 0; i < 30; ++i) {
    std::jthread later([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(i * 40));
      writers[static_cast<std::size_t>(i) % kLanes].alloc(7);
    });
    ASSERT_TRUE(reader.wait_for(1min));
    ASSERT_TRUE(set.wait_for(1min));
    ASSERT_EQ(rest_of(reader).size(), 1U);
    ASSERT_EQ(rest_of(second).size(), 1U);
  }
}

}  // namespace
}  // namespace arena_shm
