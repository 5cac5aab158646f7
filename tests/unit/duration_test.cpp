// Any length of time that a caller can write means what it says, or as much of it as there is.
#include "arena_shm/duration.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <thread>

#include "arena_shm/arena.hpp"
#include "arena_shm/raw.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using std::chrono::duration;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using test::SegmentFile;
using test::StoppedWriter;
using test::TempName;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

template <class Rep, class Period>
std::int64_t ns(duration<Rep, Period> time) {
  return Duration(time).count();
}

static_assert(Duration().count() == 0 && Duration(seconds(1)).count() == 1'000'000'000);

TEST(DurationTest, WhatFitsIsExact) {
  EXPECT_EQ(ns(nanoseconds(7)), 7);
  EXPECT_EQ(ns(milliseconds(-3)), -3'000'000);
  EXPECT_EQ(ns(hours(24 * 365)), 31'536'000'000'000'000);
  EXPECT_EQ(ns(nanoseconds::max()), kMost);
  EXPECT_EQ(ns(nanoseconds::min()), kLeast);
  EXPECT_EQ(ns(seconds(9'223'372'036)), 9'223'372'036'000'000'000);
  EXPECT_EQ(ns(seconds(-9'223'372'036)), -9'223'372'036'000'000'000);
  EXPECT_EQ(ns(duration<std::int64_t, std::ratio<1, 3>>(-2)), -666'666'666) << "towards zero";
  EXPECT_EQ(ns(duration<std::int64_t, std::pico>(1999)), 1);
  EXPECT_EQ(ns(duration<std::int64_t, std::atto>::max()), 9'223'372'036);
  EXPECT_EQ(ns(duration<std::uint8_t, std::milli>(250)), 250'000'000);
}

TEST(DurationTest, WhatIsTooLongIsTheLongestThereIs) {
  EXPECT_EQ(ns(std::chrono::microseconds::max()), kMost);
  EXPECT_EQ(ns(milliseconds::max()), kMost);
  EXPECT_EQ(ns(seconds::max()), kMost);
  EXPECT_EQ(ns(std::chrono::minutes::max()), kMost);
  EXPECT_EQ(ns(hours::max()), kMost);
  EXPECT_EQ(ns(hours::min()), kLeast);
  EXPECT_EQ(ns(seconds::min()), kLeast);
  EXPECT_EQ(ns(seconds(9'223'372'037)), kMost);
  EXPECT_EQ(ns(milliseconds(9'223'372'036'855)), kMost);
  EXPECT_EQ(ns(milliseconds(-9'223'372'036'855)), kLeast);
  EXPECT_EQ(ns(duration<std::uint64_t>(~std::uint64_t{0})), kMost);
  EXPECT_EQ(ns(duration<std::uint64_t, std::nano>(~std::uint64_t{0})), kMost);
  EXPECT_EQ(ns(duration<std::uint64_t, std::exa>(~std::uint64_t{0})), kMost);
  EXPECT_EQ(ns(duration<int, std::exa>(-1)), kLeast);
}

TEST(DurationTest, FloatingPointNumbersDoNotOverflowEither) {
  EXPECT_EQ(ns(duration<double>(0.25)), 250'000'000);
  EXPECT_EQ(ns(duration<float, std::milli>(-1.5F)), -1'500'000);
  EXPECT_EQ(ns(duration<double>(1e300)), kMost);
  EXPECT_EQ(ns(duration<double>(-1e300)), kLeast);
  EXPECT_EQ(ns(duration<double>(HUGE_VAL)), kMost);
  EXPECT_EQ(ns(duration<double>(-HUGE_VAL)), kLeast);
  EXPECT_EQ(ns(duration<double, std::nano>(9223372036854775808.0)), kMost);
  EXPECT_EQ(ns(duration<double>(std::nan(""))), 0);
  EXPECT_EQ(ns(duration<long double, std::exa>(1e-18L)), 1'000'000'000);
}

class LongWaitTest : public ::testing::Test {
 protected:
  /// Whether `wait()` waits until there is a value. It is published when the reader sleeps, or is back already.
  template <class Wait>
  bool waits(Wait wait) {
    auto& word = file_.doorbell().word;
    word = 0;
    std::atomic<bool> back{false};
    bool found = false;
    std::thread follower([&] {
      found = wait();
      back = true;
    });
    while ((word & 1U) == 0 && !back) std::this_thread::yield();
    arena_.alloc(1);
    follower.join();
    return found;
  }

  TempName name_;
  Arena<std::uint64_t> arena_ = Arena<std::uint64_t>::create(name_, {.slots = 8});
  SegmentFile file_{name_};
};

TEST_F(LongWaitTest, ForEverIsNotAtOnce) {
  for (const Manner manner : {Manner::latency, Manner::throughput}) {
    auto reader = arena_.reader(From::newest, {.manner = manner});
    const auto waits_for = [&](auto timeout) {
      const bool found = waits([&] { return reader.wait_for(timeout); });
      while (reader.next()) continue;
      return found;
    };
    EXPECT_TRUE(waits_for(nanoseconds::max()));
    EXPECT_TRUE(waits_for(milliseconds::max()));
    EXPECT_TRUE(waits_for(seconds::max()));
    EXPECT_TRUE(waits_for(hours::max()));
    EXPECT_TRUE(waits_for(duration<double>(HUGE_VAL)));
    EXPECT_TRUE(waits_for(duration<std::uint64_t>(~std::uint64_t{0})));
  }
}

TEST_F(LongWaitTest, ForEverIsNotAtOnceWithoutAType) {
  auto reader = RawView::open(name_.str()).reader(From::newest);
  std::uint64_t value = 0;
  EXPECT_TRUE(waits([&] { return reader.wait_for(hours::max()); }));
  EXPECT_TRUE(reader.next(std::as_writable_bytes(std::span(&value, 1))));
  EXPECT_EQ(value, 1U);
}

TEST_F(LongWaitTest, LessThanNoTimeIsOneLook) {
  for (const Manner manner : {Manner::latency, Manner::throughput}) {
    auto reader = arena_.reader(From::newest, {.manner = manner});
    EXPECT_FALSE(reader.wait_for(hours::min()));
    EXPECT_FALSE(reader.wait_for(nanoseconds::min()));
    EXPECT_FALSE(reader.wait_for(duration<double>(-HUGE_VAL)));
    EXPECT_FALSE(reader.wait_for({}));
    arena_.alloc(1);
    EXPECT_TRUE(reader.wait_for(hours::min()));
    EXPECT_TRUE(reader.wait_for(milliseconds(-1)));
  }
}

TEST_F(LongWaitTest, AHoldForEverHoldsAndOneOfLessThanNoTimeDoesNot) {
  StoppedWriter stopped(arena_, file_);
  auto patient = arena_.reader(From::newest, {.hold = hours::max()});
  auto patient_seconds = arena_.reader(From::newest, {.hold = duration<double>(1e30)});
  auto hasty = arena_.reader(From::newest, {.hold = hours::min()});
  stopped.stop_in_slot();
  arena_.alloc(2);
  for (int look = 0; look < 3; ++look) {
    EXPECT_FALSE(patient.wait_for(milliseconds(1)));
    EXPECT_FALSE(patient_seconds.next());
  }
  EXPECT_EQ(patient.passed_over_count() + patient_seconds.passed_over_count(), 0U);
  EXPECT_TRUE(hasty.wait_for(hours::max()));
  EXPECT_EQ(hasty.next().value().value, 2U);
  EXPECT_EQ(hasty.passed_over_count(), 1U);
}

}  // namespace
}  // namespace arena_shm
