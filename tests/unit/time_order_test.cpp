// Order::time: the lanes of an arena as one sequence.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <tuple>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/wait_set.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"
#include "unit/time_order_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::code_of;
using test::TempName;
using Numbers = Arena<std::uint64_t>;
using Values = std::vector<std::uint64_t>;

class TimeOrderTest : public TimedLanesTest {
 protected:
  static constexpr std::uint32_t kLanes = 5;  // no power of two
  static constexpr std::uint64_t kSlots = 64;

  TimeOrderTest() : TimedLanesTest(kLanes, kSlots) {}
};

TEST_F(TimeOrderTest, TheOldestComesFirst) {
  put(0, 1, 10);
  put(0, 4, 40);
  put(1, 2, 20);
  put(1, 5, 50);
  put(3, 3, 30);
  put(3, 6, 60);
  auto reader = this->reader();
  EXPECT_EQ(rest_of(reader), (Values{1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(reader.is_exact());
  EXPECT_EQ(reader.read_count(), 6U);
  EXPECT_EQ(reader.lag(), 0U);
}

TEST_F(TimeOrderTest, OfEqualTimesTheLowerLane) {
  put(3, 5, 10);
  put(1, 3, 10);
  put(1, 4, 10);
  put(0, 1, 10);
  put(0, 2, 10);
  put(2, 6, 11);
  auto reader = this->reader();
  EXPECT_EQ(rest_of(reader), (Values{1, 2, 3, 4, 5, 6}));
}

TEST_F(TimeOrderTest, ManyValuesOfManyLanes) {
  std::mt19937_64 random(7);
  std::vector<std::tuple<std::uint64_t, std::uint32_t, std::uint64_t>> expected;
  std::vector<std::uint64_t> last(kLanes, 0);
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto lane = static_cast<std::uint32_t>(random() % kLanes);
    if (last[lane] > 200) continue;  // it keeps its ring from being full
    last[lane] += random() % 8;
    put(lane, i, last[lane]);
    expected.emplace_back(last[lane], lane, i);
  }
  std::ranges::sort(expected);
  auto reader = this->reader();
  for (const auto& [time, lane, value] : expected) {
    const auto entry = reader.next();
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->value, value);
    EXPECT_EQ(entry->time, begin_ + time);
    EXPECT_EQ(arena_.lane_of(entry->seq), lane);
    EXPECT_FALSE(entry->late);
  }
  EXPECT_FALSE(reader.next());
}

TEST_F(TimeOrderTest, AnIdleLaneHoldsNobodyUp) {
  auto reader = this->reader();
  for (std::uint64_t i = 0; i < 3 * kSlots; ++i) {
    writer(2).alloc(i);
    const auto entry = reader.next();
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->value, i);
  }
}

TEST_F(TimeOrderTest, InThroughputTheRoundIsWaitedFor) {
  auto reader = arena_.reader(From::oldest, {.manner = Manner::throughput, .hold = 1h, .order = Order::time});
  for (std::uint64_t i = 0; i < 20; ++i) {
    writer(1).alloc(i);
    ASSERT_TRUE(reader.wait_for(1min));
    const auto entry = reader.next();
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->value, i);
  }
  EXPECT_FALSE(reader.wait_for(1ms));
}

TEST_F(TimeOrderTest, WhatTheDeadHadClaimedHoldsNobodyUp) {
  std::optional<core::SeatHold> hold(std::in_place, core::Segment::open(name_.str(), core::Access::read_write), "dies");
  ASSERT_EQ(hold->index(), 0U);
  file_.seat(0).hi.fetch_add(4);
  const std::uint64_t session = hold->session();
  hold.reset();
  file_.seat(0).ended = session - 1;  // it did not leave
  {
    test::SegmentFile other(name_);
    std::vector<core::SeatHold> holds;  // the dead one's seat stays free
  }
  std::uint32_t lane = 0;
  {
    auto next = arena_.writer();  // takes the dead one's lane
    lane = next.seat();
    next.alloc(7);
  }
  EXPECT_EQ(lane, 0U);
  auto reader = this->reader();
  EXPECT_EQ(rest_of(reader), Values{7});
  EXPECT_EQ(reader.hole_count(), 4U);
}

TEST_F(TimeOrderTest, ATimeThatCannotBeGoesOutAtOnce) {
  put(0, 1, 10);
  put(0, 3, 30);
  put(1, 100, seconds(100'000));  // in the future
  put(1, 4, 40);
  put(2, 2, 20);
  auto reader = this->reader();
  Values in_order;
  bool seen = false;
  while (const auto entry = reader.next()) {
    if (entry->value == 100) {
      seen = true;
      EXPECT_TRUE(entry->late);
    } else {
      in_order.push_back(entry->value);
    }
  }
  EXPECT_TRUE(seen);
  EXPECT_EQ(in_order, (Values{1, 2, 3, 4}));
  EXPECT_FALSE(reader.is_exact());
  EXPECT_EQ(reader.read_count(), 5U);
}

TEST_F(TimeOrderTest, AClockThatWentBackStopsNobody) {
  for (std::uint64_t i = 0; i < 8; ++i) put(static_cast<std::uint32_t>(i % 2), i, seconds(100'000 + i));
  auto reader = this->reader();
  Values before = rest_of(reader);
  std::ranges::sort(before);
  EXPECT_EQ(before, (Values{0, 1, 2, 3, 4, 5, 6, 7})) << "of before it went back";
  EXPECT_FALSE(reader.is_exact());
  put(0, 8, 10);
  put(1, 9, 20);
  put(0, 10, 30);
  EXPECT_EQ(rest_of(reader), (Values{8, 9, 10})) << "and of after that, in order again";
}

TEST_F(TimeOrderTest, TimesThatGoBackInALaneAreMarked) {
  put(0, 1, 30);
  put(0, 2, 10);
  put(1, 3, 20);
  auto reader = this->reader();
  std::vector<std::pair<std::uint64_t, bool>> found;
  while (const auto entry = reader.next()) found.emplace_back(entry->value, entry->late);
  EXPECT_EQ(found, (std::vector<std::pair<std::uint64_t, bool>>{{3, false}, {1, false}, {2, true}}));
  EXPECT_FALSE(reader.is_exact());
}

TEST_F(TimeOrderTest, APositionIsAPlaceInThatOrder) {
  for (std::uint64_t i = 0; i < 20; ++i) put(static_cast<std::uint32_t>(i % 3), i, 10 * i);
  auto reader = this->reader();
  for (std::uint64_t i = 0; i < 7; ++i) ASSERT_EQ(reader.next()->value, i);
  const Position position = reader.position();
  auto other = arena_.reader(position, by_time());
  const Values rest = rest_of(reader);
  EXPECT_EQ(rest.size(), 13U);
  EXPECT_EQ(rest_of(other), rest);
  other.seek(position);
  EXPECT_EQ(rest_of(other), rest);
  other.seek(From::oldest);
  EXPECT_EQ(other.next()->value, 0U);
}

TEST_F(TimeOrderTest, WhatIsOverwrittenIsCounted) {
  auto reader = this->reader();
  for (std::uint64_t i = 0; i < 3 * kSlots; ++i) put(0, i, i);
  put(1, 1000, 3 * kSlots);
  const Values values = rest_of(reader);
  EXPECT_TRUE(std::ranges::is_sorted(values));
  EXPECT_EQ(values.back(), 1000U);
  EXPECT_EQ(reader.counts(0).cursor / kLanes,
            reader.counts(0).read + reader.overwritten_count() + reader.passed_over_count());
  EXPECT_GE(reader.overwritten_count(), 2 * kSlots);
}

TEST_F(TimeOrderTest, WhatIsLostIsToldBeforeWhatFollowsItInItsLane) {
  for (std::uint64_t i = 0; i <= kSlots; ++i) put(1, i, i);
  put(0, 100, 0);
  put(0, 101, 1000);
  auto reader = arena_.reader(From::at(0), by_time());
  Values told;
  reader.on_gap([&](const Gap& gap) { told.push_back(gap.first); });
  ASSERT_EQ(reader.next()->value, 100U);
  EXPECT_EQ(told, Values{});
  ASSERT_EQ(reader.next()->value, 1U);
  EXPECT_EQ(told, Values{1});
}

TEST_F(TimeOrderTest, ASetOfReadersWaitsForIt) {
  auto reader = arena_.reader(From::oldest, {.manner = Manner::throughput, .hold = 1h, .order = Order::time});
  WaitSet set;
  set.add(reader);
  EXPECT_FALSE(set.wait_for(0ns));
  std::jthread later([&] {
    std::this_thread::sleep_for(5ms);
    writer(2).alloc(1);
  });
  ASSERT_TRUE(set.wait_for(1min));
  EXPECT_EQ(reader.next()->value, 1U);
}

TEST_F(TimeOrderTest, SeveralAtOnce) {
  for (std::uint64_t i = 0; i < 10; ++i) put(static_cast<std::uint32_t>(i % 3), i, 10 * i);
  auto reader = this->reader();
  std::vector<Entry<std::uint64_t>> entries(4);
  Values values;
  for (std::size_t count = 0; (count = reader.next(std::span(entries))) > 0;)
    for (std::size_t i = 0; i < count; ++i) values.push_back(entries[i].value);
  EXPECT_EQ(values, (Values{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(TimeOrderRefusalTest, ItNeedsTimesAndLanes) {
  const auto refusal = [](const Options& options) {
    const TempName name;
    const auto arena = Numbers::create(name, options);
    return code_of([&] { arena.reader(From::oldest, {.order = Order::time}); });
  };
  EXPECT_EQ(refusal({.slots = 8, .writers = Writers::laned, .seats = 2}), Code::invalid_argument);
  EXPECT_EQ(refusal({.slots = 8, .writers = Writers::shared, .time = true}), Code::invalid_argument);
  EXPECT_EQ(refusal({.slots = 8, .writers = Writers::exclusive, .time = true}), std::nullopt);
  EXPECT_EQ(refusal({.slots = 8, .writers = Writers::laned, .seats = 1, .time = true}), std::nullopt);
}

TEST(TimeOrderRefusalTest, OneLaneIsInOrderAsItIs) {
  const TempName name;
  const auto arena = Numbers::create(name, {.slots = 8, .writers = Writers::exclusive, .time = true});
  auto writer = arena.writer();
  auto reader = arena.reader(From::oldest, {.order = Order::time});
  EXPECT_TRUE(reader.is_exact());
  writer.alloc(1);
  const auto entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->time, writer.time());
  EXPECT_FALSE(entry->late);
}

}  // namespace
}  // namespace arena_shm
