// From an arena's clock to the time of day.
#include "arena_shm/timescale.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/header.hpp"

namespace arena_shm {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

/// Of a segment of another boot, on a machine with 3 GHz: created 1000 s after that boot, at a time of day of 10^18 ns.
core::ClockFacts of_another_boot() {
  core::ClockFacts facts{.clock = Clock::tsc, .ticks_per_second = 3'000'000'000};
  facts.created = {
      .ticks = 3'000 * std::uint64_t{kSecond}, .boottime_ns = 1000 * kSecond, .realtime_ns = kDay * 11'574};
  facts.boot_id = core::boot_id();
  facts.boot_id[0] ^= 0xff;
  return facts;
}

TEST(TimescaleTest, WithoutALaterLookTheRateOfTheHeaderCounts) {
  const core::ClockFacts facts = of_another_boot();
  Timescale scale(facts);
  EXPECT_EQ(scale.nanoseconds(facts.created.ticks), facts.created.realtime_ns);
  EXPECT_EQ(scale.nanoseconds(facts.created.ticks + 3'000'000'000), facts.created.realtime_ns + kSecond);
  EXPECT_EQ(scale.time_of(facts.created.realtime_ns + kSecond), facts.created.ticks + 3'000'000'000);
}

TEST(TimescaleTest, BetweenTwoLooksItIsAStraightLine) {
  core::ClockFacts facts = of_another_boot();
  // A day later the counter turns out to be faster, by 50 ppm.
  facts.saved = {.ticks = facts.created.ticks + 3 * 86'404'320'000'000,
                 .boottime_ns = facts.created.boottime_ns + kDay,
                 .realtime_ns = facts.created.realtime_ns + kDay};
  Timescale scale(facts);
  EXPECT_EQ(scale.nanoseconds(facts.created.ticks), facts.created.realtime_ns);
  EXPECT_NEAR(
      static_cast<double>(scale.nanoseconds(facts.created.ticks + 3 * 43'202'160'000'000) - facts.created.realtime_ns),
      kDay / 2, 100);
  EXPECT_EQ(scale.nanoseconds(facts.saved.ticks), facts.saved.realtime_ns);
}

TEST(TimescaleTest, AClockThatWasSetRightIsRightForAll) {
  core::ClockFacts facts = of_another_boot();
  facts.saved = {.ticks = facts.created.ticks + 3 * 10'000'000'000,
                 .boottime_ns = facts.created.boottime_ns + 10 * kSecond,
                 .realtime_ns = facts.created.realtime_ns + 10 * kSecond + 3600 * kSecond};
  Timescale scale(facts);
  EXPECT_EQ(scale.nanoseconds(facts.created.ticks), facts.created.realtime_ns + 3600 * kSecond);
  EXPECT_EQ(scale.nanoseconds(facts.saved.ticks), facts.saved.realtime_ns);
}

TEST(TimescaleTest, SleepIsPartOfIt) {
  // The counter went on while the machine slept for an hour, and so did CLOCK_BOOTTIME.
  core::ClockFacts facts = of_another_boot();
  facts.saved = {.ticks = facts.created.ticks + 3 * 3'600'000'000'000,
                 .boottime_ns = facts.created.boottime_ns + 3600 * kSecond,
                 .realtime_ns = facts.created.realtime_ns + 3600 * kSecond};
  Timescale scale(facts);
  EXPECT_EQ(scale.nanoseconds(facts.created.ticks + 3 * 60'000'000'000), facts.created.realtime_ns + 60 * kSecond);
}

TEST(TimescaleTest, ACounterThatBeganAnewHasTwoLines) {
  // Suspended to RAM: the counter began at zero, 60 s before the second look.
  core::ClockFacts facts = of_another_boot();
  facts.saved = {.ticks = 3 * 60'000'000'000,
                 .boottime_ns = facts.created.boottime_ns + kDay,
                 .realtime_ns = facts.created.realtime_ns + kDay};
  Timescale scale(facts);
  EXPECT_EQ(scale.nanoseconds(facts.created.ticks + 3'000'000'000), facts.created.realtime_ns + kSecond) << "before";
  EXPECT_EQ(scale.nanoseconds(3 * 30'000'000'000), facts.saved.realtime_ns - 30 * kSecond) << "after";
}

TEST(TimescaleTest, WhatIsFromBeforeAnewBeginningIsNotMovedBehindIt) {
  core::ClockFacts facts = of_another_boot();
  facts.saved = {.ticks = 3 * 60'000'000'000,
                 .boottime_ns = facts.created.boottime_ns + kDay,
                 .realtime_ns = facts.created.realtime_ns + kDay};
  Timescale scale(facts);
  EXPECT_EQ(scale.nanoseconds(3 * 30'000'000'000), facts.saved.realtime_ns - 30 * kSecond) << "after";
  EXPECT_EQ(scale.nanoseconds(facts.created.ticks + 3'000'000'000), facts.created.realtime_ns + kSecond) << "before";
}

TEST(TimescaleTest, WhatIsBeyondAllTimesIsTheLastOne) {
  core::ClockFacts facts = of_another_boot();
  facts.created.ticks = ~std::uint64_t{0} - 1'000'000;
  Timescale scale(facts);
  EXPECT_EQ(scale.time_of(facts.created.realtime_ns + kDay), ~std::uint64_t{0});
  EXPECT_EQ(scale.time_of(std::numeric_limits<std::int64_t>::max()), ~std::uint64_t{0});
}

TEST(TimescaleTest, LaterTimesAreNotEarlierTimesOfDay) {
  const Clock clock = core::choose_clock();
  core::ClockFacts facts{.clock = clock, .ticks_per_second = core::ticks_per_second(clock)};
  facts.time_namespace = core::own_time_namespace();
  facts.created = core::take_anchor(clock);
  facts.boot_id = core::boot_id();
  Timescale scale(facts);
  // It looks at the clocks again every 10 ms: the line bends.
  std::int64_t before = 0;
  const std::uint64_t begin = core::read_clock(clock);
  const std::uint64_t tenth = facts.ticks_per_second / 10;
  for (std::uint64_t time = begin; time - begin < tenth; time = core::read_clock(clock)) {
    const std::int64_t now = scale.nanoseconds(time);
    ASSERT_GE(now, before);
    before = now;
  }
  const std::uint64_t time = core::read_clock(clock);
  const std::int64_t back = static_cast<std::int64_t>(scale.time_of(scale.nanoseconds(time)) - time);
  EXPECT_LT(std::abs(back), static_cast<std::int64_t>(facts.ticks_per_second / 1000)) << "there and back, in ticks";
}

TEST(TimescaleTest, AnArenaOfAnotherTimeNamespace) {
  const Clock clock = core::choose_clock();
  if (clock == Clock::boottime) GTEST_SKIP() << "such an arena is not read";
  core::ClockFacts facts{.clock = clock, .ticks_per_second = core::ticks_per_second(clock)};
  facts.time_namespace = core::own_time_namespace() + 1;
  facts.created = core::take_anchor(clock);
  facts.created.ticks -= facts.ticks_per_second;
  facts.created.boottime_ns -= 100 * kDay;
  facts.boot_id = core::boot_id();
  Timescale scale(facts);
  const core::ClockAnchor now = core::take_anchor(clock);
  EXPECT_NEAR(static_cast<double>(scale.nanoseconds(now.ticks) - now.realtime_ns), 0, kSecond);
}

TEST(TimescaleTest, WildNumbersDoNoHarm) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  for (const std::int64_t created : {kLeast, std::int64_t{0}, kMost}) {
    for (const std::int64_t saved : {kLeast, std::int64_t{1}, kMost}) {
      core::ClockFacts facts = of_another_boot();
      facts.ticks_per_second = core::kSlowestClock;
      facts.created = {.ticks = kAll / 2, .boottime_ns = created, .realtime_ns = saved};
      facts.saved = {.ticks = kAll, .boottime_ns = saved, .realtime_ns = created};
      Timescale scale(facts);
      for (const std::uint64_t time : {std::uint64_t{0}, std::uint64_t{1}, kAll / 2 + 1, kAll})
        static_cast<void>(scale.nanoseconds(time));
      for (const std::int64_t time : {kLeast, std::int64_t{0}, kMost}) static_cast<void>(scale.time_of(time));
    }
  }
}

}  // namespace
}  // namespace arena_shm
