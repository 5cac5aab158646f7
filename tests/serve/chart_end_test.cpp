#include "serve/chart_end.hpp"

#include <gtest/gtest.h>

namespace arena_shm::serve {
namespace {

using Verdict = ChartEnd::Verdict;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'800'000'000 * kSecond;
constexpr std::int64_t kFar = kNow + 1000 * ChartEnd::kFarNs;

TEST(ChartEndTest, OneTimeFarInTheFutureIsNotTheEnd) {
  ChartEnd end(1, true);
  EXPECT_EQ(end.add(0, kNow, 1, kNow), Verdict::good);
  EXPECT_EQ(end.add(0, kFar, 1, kNow), Verdict::doubtful);
  EXPECT_EQ(end.place(), kNow);
  for (int i = 1; i < 100; ++i) {
    EXPECT_EQ(end.add(0, kNow + i, 1, kNow + i), Verdict::good);
    EXPECT_EQ(end.add(0, kFar, 1, kNow + i), Verdict::doubtful);  // however often, one by one
    EXPECT_EQ(end.place(), kNow + i);
  }
}

TEST(ChartEndTest, SomeOfThemInARowAreBelieved) {
  ChartEnd end(1, true);
  end.add(0, kNow, 1, kNow);
  EXPECT_EQ(end.add(0, kFar, ChartEnd::kFewBelieved - 1, kNow), Verdict::doubtful);
  EXPECT_EQ(end.add(0, kFar + 1, 1, kNow), Verdict::believed);
  EXPECT_EQ(end.place(), kFar + 1);
}

TEST(ChartEndTest, ALossBetweenThemDoesNotBeginAnew) {
  ChartEnd end(1, true);
  end.add(0, kNow, 1, kNow);
  EXPECT_EQ(end.add(0, kFar, ChartEnd::kFewBelieved - 1, kNow), Verdict::doubtful);
  EXPECT_EQ(end.add(0, kNow, 0, kNow), Verdict::good);
  EXPECT_EQ(end.add(0, kFar + 1, 1, kNow), Verdict::believed);
}

TEST(ChartEndTest, AfterAPauseTheFirstValueIsTheEnd) {
  ChartEnd end(1, true);
  end.add(0, kNow, 1, kNow);
  const std::int64_t later = kNow + 1000 * ChartEnd::kFarNs;
  EXPECT_EQ(end.add(0, later, 1, later), Verdict::good);
  EXPECT_EQ(end.place(), later);
}

TEST(ChartEndTest, AFirstValueFarInTheFutureGivesWaySoon) {
  ChartEnd end(1, true);
  end.add(0, kFar, 1, kNow);
  EXPECT_EQ(end.place(), kFar);
  EXPECT_EQ(end.add(0, kNow, ChartEnd::kFewBelieved - 1, kNow), Verdict::good);
  EXPECT_EQ(end.add(0, kNow, 1, kNow), Verdict::back);
  EXPECT_EQ(end.place(), kNow);
}

TEST(ChartEndTest, TimeThatBeginsAnewIsFollowed) {
  ChartEnd end(1, true);
  end.add(0, kNow, 1, kNow);
  EXPECT_EQ(end.add(0, 5, ChartEnd::kManyBehind - 1, kNow), Verdict::good);
  EXPECT_EQ(end.place(), kNow);
  EXPECT_EQ(end.add(0, 6, 1, kNow), Verdict::back);
  EXPECT_EQ(end.place(), 6);
}

TEST(ChartEndTest, ALaneThatComesLaterDoesNotTakeItBack) {
  ChartEnd end(2, true);
  end.add(0, kNow, 1000, kNow);
  for (int i = 0; i < 1000; ++i) end.add(1, kNow - 2 * ChartEnd::kFarNs + i, 1, kNow);
  EXPECT_EQ(end.place(), kNow);
}

TEST(ChartEndTest, ALaneAheadOfTheClockIsTheEndOnlyIfThereIsNoOther) {
  ChartEnd end(2, true);
  end.add(0, kFar, 1, kNow);
  EXPECT_EQ(end.place(), kFar);
  EXPECT_EQ(end.add(1, kNow, 1, kNow), Verdict::back);
  EXPECT_EQ(end.place(), kNow);
}

TEST(ChartEndTest, SequenceNumbersAreNeverDoubtful) {
  ChartEnd end(1, false);
  end.add(0, 1, 1, 0);
  EXPECT_EQ(end.add(0, kFar, 1, 0), Verdict::good);
  EXPECT_EQ(end.place(), kFar);
}

}  // namespace
}  // namespace arena_shm::serve
