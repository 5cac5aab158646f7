// Sleeping and waking, again and again: a wake-up that is lost costs the sleeper its whole slice, and the test its
// time.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;

/// Ping-pong through two arenas, each side waiting while the other works. If wake-ups were lost, each would cost a
/// slice of 100 ms, and all of them more than the test is given.
TEST(DoorbellStressTest, NoWakeUpIsLostInPingPong) {
  const std::uint64_t rounds = std::getenv("ARENA_SHM_LONG") != nullptr ? 1'000'000 : 20'000;
  const test::TempName there;
  const test::TempName back;
  auto ping = Arena<std::uint64_t>::create(there, {.slots = 8});
  auto pong = Arena<std::uint64_t>::create(back, {.slots = 8});
  // A writer may be preempted in the middle of a value: that one is to be waited for, not passed over.
  const ReaderOptions sleepy{.manner = Manner::throughput, .hold = 1h};
  std::atomic<std::uint64_t> echoed{0};
  std::thread echo([&] {
    auto reader = ping.reader(From::at(0), sleepy);
    auto writer = pong.writer();
    while (echoed < rounds) {
      if (!reader.wait_for(60s)) return;
      while (const auto entry = reader.next()) {
        writer.alloc(entry->value);
        ++echoed;
      }
    }
  });
  auto reader = pong.reader(From::at(0), sleepy);
  auto writer = ping.writer();
  std::uint64_t answers = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    writer.alloc(i);
    if (!reader.wait_for(60s)) break;
    while (const auto entry = reader.next()) {
      ASSERT_EQ(entry->value, i);
      ++answers;
    }
  }
  echo.join();
  EXPECT_EQ(answers, rounds);
  EXPECT_EQ(echoed, rounds);
}

/// Many sleepers on one doorbell: each gets every value or its account.
TEST(DoorbellStressTest, AllSleepersWake) {
  const std::uint64_t rounds = std::getenv("ARENA_SHM_LONG") != nullptr ? 50'000 : 1'000;
  const test::TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 4096});
  std::vector<std::thread> sleepers;
  std::atomic<std::uint64_t> finished{0};
  for (int i = 0; i < 4; ++i) {
    sleepers.emplace_back([&] {
      auto reader = arena.reader(From::at(0), {.hold = 1h});
      while (reader.cursor() < rounds) {
        if (!reader.wait_for(60s)) return;
        while (reader.next()) {
        }
      }
      EXPECT_EQ(reader.cursor(), reader.read_count() + reader.overwritten_count());
      ++finished;
    });
  }
  auto writer = arena.writer();
  for (std::uint64_t i = 0; i < rounds; ++i) {
    if (i % 8 == 0) std::this_thread::sleep_for(300us);  // long enough for them to fall asleep
    writer.alloc(i);
  }
  for (std::thread& sleeper : sleepers) sleeper.join();
  EXPECT_EQ(finished, sleepers.size());
}

}  // namespace
}  // namespace arena_shm
