#include "recording/time_merge.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <vector>

namespace arena_shm::recording {
namespace {

using namespace std::chrono_literals;

class TimeMergeTest : public ::testing::Test {
 protected:
  TimeMergeTest() {
    for (int i = 0; i < 3; ++i) merge_.add(now_);
  }

  TimeMerge merge_{20ms};
  TimeMerge::Clock::time_point now_{};
};

TEST_F(TimeMergeTest, TheEarliestHeadIsNextOnceEachSourceHasOne) {
  merge_.head(0, 30);
  merge_.head(2, 10);
  EXPECT_EQ(merge_.next(now_), std::nullopt);
  merge_.head(1, 20);
  EXPECT_EQ(merge_.next(now_), 2U);
  EXPECT_FALSE(merge_.take(2));
  EXPECT_EQ(merge_.next(now_), std::nullopt) << "it may have one that is earlier";
  merge_.head(2, 11);
  EXPECT_EQ(merge_.next(now_), 2U);
}

TEST_F(TimeMergeTest, OneThatIsOverOrSilentHoldsUpNobody) {
  merge_.head(0, 30);
  merge_.over(1);
  merge_.none(2, now_ + 1ms);
  EXPECT_EQ(merge_.next(now_ + 19ms), std::nullopt);
  EXPECT_EQ(merge_.next(now_ + 20ms), 0U);
  EXPECT_FALSE(merge_.take(0));
  merge_.head(2, 40);
  merge_.none(0, now_ + 30ms);
  EXPECT_EQ(merge_.next(now_ + 49ms), std::nullopt) << "it has just had one";
  EXPECT_EQ(merge_.next(now_ + 50ms), 2U);
}

TEST_F(TimeMergeTest, OneThatIsRemovedHoldsUpNobody) {
  merge_.head(1, 30);
  merge_.head(2, 20);
  merge_.remove(0);
  EXPECT_EQ(merge_.count(), 2U);
  EXPECT_EQ(merge_.next(now_), 1U);
}

TEST_F(TimeMergeTest, WhatIsEarlierThanOneBeforeItComesLate) {
  merge_.over(1);
  merge_.over(2);
  const std::vector<std::int64_t> times{1, 5, 3, 4, 5, 6};
  const std::vector<bool> late{false, false, true, true, false, false};
  for (std::size_t i = 0; i < times.size(); ++i) {
    merge_.head(0, times[i]);
    EXPECT_EQ(merge_.take(0), late[i]) << times[i];
  }
}

TEST_F(TimeMergeTest, OfEqualTimesTheFirstSourceIsFirst) {
  for (std::size_t i = 0; i < 3; ++i) merge_.head(i, 7);
  EXPECT_EQ(merge_.next(now_), 0U);
}

TEST_F(TimeMergeTest, SortedSourcesAreOneSortedSequence) {
  std::mt19937 random(3);  // NOLINT(*-msc51-cpp): the same each time
  std::vector<std::deque<std::int64_t>> sources(3);
  for (std::int64_t t = 0; t < 1000; ++t) sources[random() % 3].push_back(t);
  std::int64_t expected = 0;
  for (;;) {
    for (std::size_t i = 0; i < 3; ++i) {
      if (merge_.has_head(i) || merge_.is_over(i)) continue;
      if (sources[i].empty()) {
        merge_.over(i);
      } else {
        merge_.head(i, sources[i].front());
        sources[i].pop_front();
      }
    }
    const auto next = merge_.next(now_);
    if (!next) break;
    EXPECT_FALSE(merge_.take(*next));
    ++expected;
  }
  EXPECT_EQ(expected, 1000);
}

}  // namespace
}  // namespace arena_shm::recording
