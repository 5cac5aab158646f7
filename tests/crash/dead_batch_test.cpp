// A batch of a million whose writer is killed at its first value: settled, and written over, as one run.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/victim.hpp"
#include "support/lease_tests.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

constexpr std::uint64_t kSlots = 1'000'000;

/// What `act` takes is printed, and not asserted: the machine may be busy. Returns: how many leases it asked for.
template <class Act>
std::uint64_t measured(const char* what, Act&& act) {
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t tests = lease_tests_of(act);
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
  std::printf("%s: %.1f ms, %d leases asked for\n", what, time.count(), static_cast<int>(tests));
  return tests;
}

TEST(DeadBatchTest, OfAMillionIsOneRunOfHolesAndHoldsUpNoWriter) {
  for (const char* point : {"batch_claimed", "batch_writing"}) {
    const TempName name;
    auto arena = Arena<std::uint64_t>::create(name, {.slots = kSlots});
    auto writer = arena.writer();
    Child victim([&] {
      auto own = Arena<std::uint64_t>::open(name).writer();
      const std::vector<std::uint64_t> values(kSlots);
      StopAt::arm(point, SIGKILL);
      own.alloc(std::span<const std::uint64_t>(values));
      return 0;
    });
    ASSERT_EQ(victim.end(), "signal 9");
    ASSERT_EQ(arena.head(), kSlots);

    auto reader = arena.reader(From::oldest);
    std::vector<Gap> gaps;
    reader.on_gap([&](const Gap& gap) { gaps.push_back(gap); });
    EXPECT_LE(measured("next()", [&] { EXPECT_EQ(reader.next(), std::nullopt); }), 1U);
    EXPECT_EQ(reader.hole_count(), kSlots);
    EXPECT_EQ(reader.cursor(), kSlots);
    ASSERT_EQ(gaps.size(), 1U);
    EXPECT_EQ(gaps[0].cause, Loss::hole);

    // The dead one's claim stands in its seat, as nobody has taken that.
    std::vector<std::uint64_t> values(kSlots);
    for (std::uint64_t i = 0; i < kSlots; ++i) values[i] = i;
    EXPECT_LE(measured("alloc(span)", [&] { EXPECT_EQ(writer.alloc(values).last, 2 * kSlots - 1); }), 4U);
    for (std::uint64_t i = 0; i < kSlots; ++i) {
      const auto entry = reader.next();
      ASSERT_TRUE(entry.has_value());
      ASSERT_EQ(entry->seq, kSlots + i);
      ASSERT_EQ(entry->value, i);
    }
  }
}

}  // namespace
}  // namespace arena_shm::test
