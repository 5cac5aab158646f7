// One process has one start time, in whatever time namespace it is looked at.
#include "core/start_time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "core/text_file.hpp"

namespace arena_shm::core {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kTicksPerSecond = 100;

TEST(StartTimeTest, TheOffsetIsReadAsTheKernelWritesIt) {
  EXPECT_EQ(boottime_offset_ns("monotonic           0         0\nboottime            0         0\n"), 0);
  EXPECT_EQ(boottime_offset_ns("monotonic           7         8\nboottime       100000         5\n"),
            100'000 * kSecond + 5);
  EXPECT_EQ(boottime_offset_ns("monotonic          -1         0\nboottime           -2 500000000\n"),
            -2 * kSecond + 500'000'000);
  for (const char* wrong : {"", "monotonic 0 0\n", "boottime", "boottime 1", "boottime x 0", "boottime 1 -1",
                            "boottime 1 1000000000", "boottime 99999999999999 0", "boottime -99999999999999 0"})
    EXPECT_EQ(boottime_offset_ns(wrong), std::nullopt) << wrong;
}

TEST(StartTimeTest, TheOffsetIsTakenOutAgain) {
  EXPECT_EQ(without_offset(12'345, 0, kTicksPerSecond), 12'345U);
  EXPECT_EQ(without_offset(12'345 + 100'000 * 100, 100'000 * kSecond, kTicksPerSecond), 12'345U);
  EXPECT_EQ(without_offset(12'345 - 20 * 100, -20 * kSecond, kTicksPerSecond), 12'345U);
}

// What the kernel shows is (start + offset) rounded down to ticks.
TEST(StartTimeTest, AnOffsetWithinATickChangesAtMostOne) {
  constexpr std::int64_t kTick = kSecond / kTicksPerSecond;
  const std::int64_t start = 1234 * kSecond + 9'999'999;
  const auto host = static_cast<std::uint64_t>(start / kTick);
  for (const std::int64_t offset :
       {1L, kTick - 1, kTick, kTick + 1, -1L, -kTick + 1, -kTick, -kTick - 1, 77 * kSecond + 1}) {
    const auto shown = static_cast<std::uint64_t>((start + offset) / kTick);
    EXPECT_TRUE(same_start(without_offset(shown, offset, kTicksPerSecond), host)) << offset;
  }
}

TEST(StartTimeTest, OtherProcessesHaveOtherStarts) {
  EXPECT_TRUE(same_start(5000, 5000));
  EXPECT_FALSE(same_start(5000, 5002));
  EXPECT_FALSE(same_start(5002, 5000));
  EXPECT_FALSE(same_start(0, 0)) << "not known";
  EXPECT_FALSE(same_start(0, 1));
  EXPECT_FALSE(same_start(1, 0));
}

TEST(StartTimeTest, WithoutANamespaceOfItsOwnItIsWhatProcSays) {
  const auto offset = own_boottime_offset_ns();
  if (offset != 0) GTEST_SKIP() << "a time namespace";
  EXPECT_EQ(host_start_time(4711), 4711U);
  EXPECT_EQ(host_start_time(0), 0U);
}

}  // namespace
}  // namespace arena_shm::core
