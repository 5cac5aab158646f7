// Order::time, and writers that have claimed a value and do not publish it.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "support/child.hpp"
#include "support/code_of.hpp"
#include "unit/time_order_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::code_of;

class TimeOrderPendingTest : public TimedLanesTest {
 protected:
  static constexpr std::uint32_t kLanes = 8;
  static constexpr std::uint64_t kSlots = 8;

  TimeOrderPendingTest() : TimedLanesTest(kLanes, kSlots) {}
};

TEST_F(TimeOrderPendingTest, WhatIsClaimedIsWaitedForAndThenSetAside) {
  const std::uint64_t number = claim(1);
  put(0, 2, 20);
  put(3, 3, 30);
  auto patient = this->reader();
  EXPECT_EQ(rest_of(patient), Values{});
  EXPECT_FALSE(patient.wait_for(1ms));

  auto reader = this->reader(0ns);
  EXPECT_EQ(rest_of(reader), (Values{2, 3}));
  EXPECT_EQ(reader.passed_over_count(), 0U);
  EXPECT_TRUE(reader.is_exact());
  writer(0).alloc(4);
  EXPECT_EQ(rest_of(reader), Values{4});

  finish(1, number, 1, 10);
  const auto late = reader.next();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->value, 1U);
  EXPECT_TRUE(late->late);
  EXPECT_TRUE(reader.is_exact()) << "it was said so";
  writer(1).alloc(5);
  const auto next = reader.next();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->value, 5U);
  EXPECT_FALSE(next->late);

  EXPECT_EQ(rest_of(patient), (Values{1, 2, 3, 4, 5})) << "who has waited has missed nothing";
  for (auto* each : {&reader, &patient}) {
    EXPECT_EQ(each->read_count(), 5U);
    EXPECT_EQ(each->hole_count() + each->overwritten_count() + each->passed_over_count(), 0U);
  }
}

TEST_F(TimeOrderPendingTest, OfABatchThatIsSetAsideAllIsLate) {
  const std::uint64_t first = claim(0, 3);
  put(1, 9, 90);
  auto reader = this->reader(0ns);
  EXPECT_EQ(rest_of(reader), Values{9});
  for (std::uint64_t i = 0; i < 3; ++i) finish(0, first + i, i, 10);
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto entry = reader.next();
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->value, i);
    EXPECT_TRUE(entry->late);
  }
}

TEST_F(TimeOrderPendingTest, ALaneThatIsSetAsideKeepsItsPlaceForWhatFollows) {
  const std::uint64_t number = claim(1);
  put(0, 1, 10);
  auto reader = this->reader(0ns);
  EXPECT_EQ(rest_of(reader), Values{1});
  // It goes on, and appends two more, before the reader looks again.
  finish(1, number, 2, 5);
  writer(1).alloc(3);
  writer(0).alloc(4);
  writer(1).alloc(5);
  EXPECT_EQ(rest_of(reader), (Values{2, 3, 4, 5}));
  EXPECT_TRUE(reader.is_exact());
}

TEST_F(TimeOrderPendingTest, WhatIsSetAsideTakesItsPlaceIfThatIsStillToCome) {
  claim(1);
  auto reader = this->reader(0ns);
  EXPECT_FALSE(reader.next()) << "lane 1 is set aside";
  put(0, 1, 20);
  finish(1, 0, 2, 25);
  put(2, 3, 30);
  EXPECT_EQ(marked_rest_of(reader), (Marked{{1, false}, {2, false}, {3, false}}));
  EXPECT_TRUE(reader.is_exact());
}

// Looks at what is pending are costly, the more so the smaller the ring: one call has not the effort for all of these.
TEST_F(TimeOrderPendingTest, ManyThatDoNotPublishHideNoOther) {
  for (std::uint32_t lane = 0; lane < kLanes - 1; ++lane) claim(lane);
  put(kLanes - 1, 1, 10);
  auto reader = this->reader(0ns);
  ASSERT_TRUE(reader.wait_for(2s));
  EXPECT_EQ(rest_of(reader), Values{1});
  writer(kLanes - 1).alloc(2);
  ASSERT_TRUE(reader.wait_for(2s));
  EXPECT_EQ(rest_of(reader), Values{2});
  for (std::uint32_t lane = 0; lane < kLanes - 1; ++lane) finish(lane, 0, 10 + lane, 5);
  ASSERT_TRUE(reader.wait_for(2s));
  EXPECT_EQ(rest_of(reader).size(), kLanes - 1);
  EXPECT_TRUE(reader.is_exact());
}

TEST_F(TimeOrderPendingTest, WhoClaimsEverMoreHoldsNobodyUpEither) {
  claim(0);
  auto reader = this->reader(0ns);
  EXPECT_FALSE(reader.next());
  claim(0, 3);  // no honest writer does: it has not published the first one
  put(1, 1, 10);
  EXPECT_EQ(rest_of(reader), Values{1});
}

TEST_F(TimeOrderPendingTest, ThrowingReportsOfGapsLoseNothing) {
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    for (std::uint64_t i = 0; i < 3 * kSlots; ++i) put(lane, 100 * lane + i, 10 * i + lane);
  }
  auto reader = this->reader();
  reader.seek(From::at(0));
  std::uint64_t reported = 0;
  bool throws = true;
  reader.on_gap([&](const Gap& gap) {
    reported += gap.count();
    throws = !throws;
    if (!throws) throw 1;
  });
  std::uint64_t read = 0;
  std::uint64_t last = 0;
  for (int tries = 0; tries < 1000; ++tries) {
    try {
      while (const auto entry = reader.next()) {
        ++read;
        EXPECT_FALSE(entry->late);
        EXPECT_GE(entry->time, last);
        last = entry->time;
      }
    } catch (int) {
    }
  }
  EXPECT_EQ(read, reader.read_count());
  EXPECT_EQ(reported, reader.overwritten_count() + reader.passed_over_count());
  EXPECT_EQ(read + reported, 3 * kSlots * kLanes);
}

TEST_F(TimeOrderPendingTest, AForkedChildIsRefusedWhateverShows) {
  put(5, 1, 10);
  put(5, 2, 20);
  put(6, 3, 30);
  auto reader = this->reader();
  ASSERT_TRUE(reader.wait_for(1s));
  ASSERT_EQ(reader.next()->value, 1U);
  ASSERT_TRUE(reader.wait_for(1s));
  Child child([&] {
    int wrong = 0;
    for (int twice = 0; twice < 2; ++twice) {
      wrong += code_of([&] { reader.next(); }) != Code::forked;
      wrong += code_of([&] { reader.wait_for(1s); }) != Code::forked;
      wrong += code_of([&] { reader.seek(From::oldest); }) != Code::forked;
    }
    return wrong;
  });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(rest_of(reader), (Values{2, 3}));
}

}  // namespace
}  // namespace arena_shm
