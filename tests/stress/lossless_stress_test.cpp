// Threads write into lossless arenas in every way there is, and consumers take all of it: each gets each value once, in
// the order of its writer; and writers and consumers put each other to sleep and wake each other all the while.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ostream>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/wait_set.hpp"
#include "support/checked_value.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using Value = test::CheckedValue<48>;

bool is_long() { return std::getenv("ARENA_SHM_LONG") != nullptr; }

enum class Way : std::uint8_t { alloc, batch, guarded, in_time };

struct Setting {
  const char* name;
  std::uint64_t slots;
  Writers writers;
  std::vector<Way> ways;  ///< a writing thread each
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

void write_all(Arena<Value>& arena, Way way, std::uint32_t id, std::uint64_t total) {
  if (way == Way::guarded) {
    for (std::uint64_t count = 0; count < total; ++count) arena.alloc(Value::make(id, count));
    return;
  }
  auto writer = arena.writer();
  for (std::uint64_t count = 0; count < total;) {
    if (way == Way::batch) {
      std::array<Value, 7> batch;
      const std::size_t length = std::min<std::uint64_t>(batch.size(), total - count);
      for (std::size_t i = 0; i < length; ++i) batch[i] = Value::make(id, count++);
      EXPECT_EQ(writer.alloc(std::span<const Value>(batch.data(), length)).count, length);
    } else if (way == Way::in_time) {
      try {
        writer.alloc_for(100us, Value::make(id, count));
        ++count;
      } catch (const Error& error) {
        ASSERT_EQ(error.code(), Code::timed_out);
      }
    } else {
      writer.alloc(Value::make(id, count++));
    }
  }
}

void consume_all(Consumer<Value>& consumer, std::size_t writers, std::uint64_t total, bool several) {
  std::vector<std::uint64_t> next(writers);
  std::array<Entry<Value>, 5> some;
  std::uint64_t got = 0;
  while (got < writers * total) {
    const std::size_t count = consumer.next(std::span(some).first(several ? some.size() : 1));
    for (std::size_t i = 0; i < count; ++i) {
      const Value& value = some[i].value;
      ASSERT_TRUE(value.whole());
      ASSERT_EQ(value.count(), next[value.writer()]++) << "of writer " << value.writer();
    }
    got += count;
    if (count == 0) {
      ASSERT_TRUE(consumer.wait_for(100s));
    }
  }
  EXPECT_EQ(consumer.read_count(), got);
  EXPECT_EQ(consumer.overwritten_count(), 0U);
}

class LosslessStressTest : public testing::TestWithParam<Setting> {};

TEST_P(LosslessStressTest, EachGetsEachValueOnceInOrder) {
  const Setting& setting = GetParam();
  const std::uint64_t total = is_long() ? 400'000 : 20'000;
  const test::TempName name;
  auto arena = Arena<Value>::create(
      name, {.slots = setting.slots, .writers = setting.writers, .seats = 8, .full = Full::wait, .consumers = 2});
  // A writer may be preempted in the middle of a value: what comes late is out of its order.
  const ConsumerOptions patient{.hold = 1h};
  auto one = arena.consumer("one", patient);
  auto two = arena.consumer("two", patient);
  std::vector<std::thread> threads;
  for (std::uint32_t id = 0; id < setting.ways.size(); ++id)
    threads.emplace_back([&, id] { write_all(arena, setting.ways[id], id, total); });
  threads.emplace_back([&] { consume_all(one, setting.ways.size(), total, false); });
  threads.emplace_back([&] { consume_all(two, setting.ways.size(), total, true); });
  for (std::thread& thread : threads) thread.join();
}

INSTANTIATE_TEST_SUITE_P(
    Rings, LosslessStressTest,
    testing::Values(Setting{"OneSlot", 1, Writers::shared, {Way::alloc, Way::alloc}},
                    Setting{"ThreeSlots", 3, Writers::shared, {Way::alloc, Way::batch}},
                    Setting{"SixtyFour", 64, Writers::shared, {Way::alloc, Way::batch, Way::guarded, Way::in_time}},
                    Setting{"Exclusive", 16, Writers::exclusive, {Way::batch}},
                    Setting{"Laned", 16, Writers::laned, {Way::alloc, Way::batch, Way::guarded, Way::in_time}}),
    [](const testing::TestParamInfo<Setting>& setting) { return std::string(setting.param.name); });

/// A ring of one slot: for each value the writer waits for the consumer, and the consumer for the writer.
TEST(LosslessWakeUpTest, NoneIsLost) {
  const std::uint64_t rounds = is_long() ? 2'000'000 : 20'000;
  const test::TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 1, .writers = Writers::exclusive, .full = Full::wait});
  auto consumer = arena.consumer("other side", {.manner = Manner::throughput});
  std::thread producer([&] {
    auto writer = arena.writer();
    for (std::uint64_t i = 0; i < rounds; ++i) writer.alloc(i);
  });
  for (std::uint64_t i = 0; i < rounds;) {
    while (const auto entry = consumer.next()) ASSERT_EQ(entry->value, i++);
    if (i < rounds) {
      ASSERT_TRUE(consumer.wait_for(100s));
    }
  }
  producer.join();
}

/// The same with a writer that waits by nothing but a WaitSet, alone and together with a reader, and a consumer that
/// comes at whatever moment: when the writer spins, when it is about to sleep, and when it sleeps.
class LosslessWaitSetTest : public testing::TestWithParam<Writers> {};

TEST_P(LosslessWaitSetTest, NoWakeUpIsLost) {
  const std::uint64_t rounds = is_long() ? 1'000'000 : 35'000;
  const test::TempName name;
  auto arena = Arena<std::uint64_t>::create(
      name, {.slots = 1, .writers = GetParam(), .seats = 2, .full = Full::wait, .consumers = 2});
  auto consumer = arena.consumer("other side", {.manner = Manner::throughput});
  const test::TempName quiet_name;
  auto reader = Arena<std::uint64_t>::create(quiet_name, {.slots = 1, .seats = 1}).reader(From::oldest);
  std::atomic<bool> failed{false};
  std::thread producer([&] {
    auto writer = arena.writer();
    WaitSet set;
    set.add(writer);
    for (std::uint64_t i = 0; i < rounds; ++i) {
      if (i == rounds / 2) set.add(reader);
      if (set.wait_for(100s) && set.is_ready(writer) && writer.try_alloc(i)) continue;
      failed = true;
      return;
    }
  });
  std::minstd_rand random;
  for (std::uint64_t i = 0; i < rounds && !failed;) {
    while (const auto entry = consumer.next()) {
      ASSERT_EQ(entry->value, i++);
      const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(random() % 130'000);
      while (std::chrono::steady_clock::now() < until) {
      }
    }
    if (i < rounds) consumer.wait_for(1s);
  }
  producer.join();
  EXPECT_FALSE(failed);
  EXPECT_EQ(consumer.read_count(), rounds);
}

INSTANTIATE_TEST_SUITE_P(Kinds, LosslessWaitSetTest,
                         testing::Values(Writers::shared, Writers::exclusive, Writers::laned),
                         [](const testing::TestParamInfo<Writers>& kind) {
                           return kind.param == Writers::shared      ? "Shared"
                                  : kind.param == Writers::exclusive ? "Exclusive"
                                                                     : "Laned";
                         });

}  // namespace
}  // namespace arena_shm
