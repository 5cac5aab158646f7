// Threads write and follow self-checked values, on rings from one slot on, in every way there is to write: nothing
// torn, the order of each writer kept, every sequence number accounted for.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <ostream>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/checked_value.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;

enum class Way : std::uint8_t { alloc, batch, in_place, guarded };

struct Setting {
  const char* name;
  std::uint64_t slots;
  Writers writers;
  std::vector<Way> ways;  ///< a writing thread each
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

std::uint64_t values_per_writer() {
  constexpr std::uint64_t kShort = 60'000;
  return std::getenv("ARENA_SHM_LONG") != nullptr ? 20 * kShort : kShort;
}

template <std::size_t Bytes>
void write_all(Arena<test::CheckedValue<Bytes>>& arena, Way way, std::uint32_t id, std::uint64_t total) {
  using Value = test::CheckedValue<Bytes>;
  if (way == Way::guarded) {
    for (std::uint64_t count = 0; count < total; ++count) arena.alloc(Value::make(id, count));
    return;
  }
  auto writer = arena.writer();
  for (std::uint64_t count = 0; count < total;) {
    if (way == Way::batch) {
      std::array<Value, 4> batch;
      const std::size_t length = std::min<std::uint64_t>(batch.size(), total - count);
      for (std::size_t i = 0; i < length; ++i) batch[i] = Value::make(id, count++);
      EXPECT_EQ(writer.alloc(std::span<const Value>(batch.data(), length)).count, length);
    } else if (way == Way::in_place) {
      writer.alloc_with([&](SlotWriter& slot) noexcept { slot.append(Value::make(id, count)); });
      ++count;
    } else {
      const auto entry = writer.alloc(Value::make(id, count));
      EXPECT_EQ(entry.value.count(), count);
      ++count;
    }
  }
}

/// Follows until `writing` is false and head is reached; checks each value, and the order of each writer's.
template <std::size_t Bytes>
void follow(const std::string& name, Manner manner, const std::atomic<bool>& writing) {
  const auto view = ArenaView<test::CheckedValue<Bytes>>::open(name);
  auto reader = view.reader(From::at(0), {.manner = manner, .hold = 10s});
  std::map<std::uint32_t, std::uint64_t> next_count;
  std::map<std::uint32_t, std::uint64_t> end_of_lane;
  for (;;) {
    const bool last = !writing.load();
    while (const auto entry = reader.next()) {
      ASSERT_TRUE(entry->value.whole()) << "torn at seq " << entry->seq;
      std::uint64_t& end = end_of_lane[view.lane_of(entry->seq)];
      ASSERT_GE(entry->seq, end);
      end = entry->seq + 1;
      std::uint64_t& next = next_count[entry->value.writer()];
      ASSERT_GE(entry->value.count(), next) << "out of order at seq " << entry->seq;
      next = entry->value.count() + 1;
    }
    if (last && reader.lag() == 0) break;
    reader.wait_for(1ms);
  }
  EXPECT_EQ(view.count(),
            reader.read_count() + reader.overwritten_count() + reader.hole_count() + reader.passed_over_count());
}

class RingStressTest : public testing::TestWithParam<Setting> {
 protected:
  template <std::size_t Bytes>
  void race() {
    const Setting& setting = GetParam();
    const test::TempName name;
    auto arena = Arena<test::CheckedValue<Bytes>>::create(name, {.slots = setting.slots, .writers = setting.writers});
    std::atomic<bool> writing{true};
    std::vector<std::thread> readers;
    for (const Manner manner : {Manner::latency, Manner::throughput})
      readers.emplace_back([&, manner] { follow<Bytes>(name.str(), manner, writing); });
    std::vector<std::thread> writers;
    for (std::uint32_t id = 0; id < setting.ways.size(); ++id)
      writers.emplace_back([&, id] { write_all<Bytes>(arena, setting.ways[id], id, values_per_writer()); });
    for (std::thread& writer : writers) writer.join();
    writing = false;
    for (std::thread& reader : readers) reader.join();
    // Each value has a seq of its own; what is over are the seqs that were skipped.
    EXPECT_GE(arena.count(), setting.ways.size() * values_per_writer());
  }
};

TEST_P(RingStressTest, SmallValues) { race<8>(); }
TEST_P(RingStressTest, OddValues) { race<61>(); }
TEST_P(RingStressTest, LargeValues) { race<300>(); }

INSTANTIATE_TEST_SUITE_P(
    Rings, RingStressTest,
    testing::Values(Setting{"OneSlot", 1, Writers::shared, {Way::alloc, Way::alloc, Way::guarded}},
                    Setting{"TwoSlots", 2, Writers::shared, {Way::alloc, Way::in_place, Way::batch}},
                    Setting{"SevenSlots", 7, Writers::shared, {Way::alloc, Way::batch, Way::guarded, Way::guarded}},
                    Setting{"ManySlots", 1024, Writers::shared, {Way::alloc, Way::alloc, Way::batch, Way::guarded}},
                    Setting{"Guarded", 64, Writers::shared, {Way::guarded, Way::guarded, Way::guarded}},
                    Setting{"Exclusive", 64, Writers::exclusive, {Way::alloc}},
                    Setting{"ExclusiveGuarded", 64, Writers::exclusive, {Way::guarded, Way::guarded}},
                    Setting{"LanedOneSlot", 1, Writers::laned, {Way::alloc, Way::batch, Way::guarded}},
                    Setting{"Laned", 64, Writers::laned, {Way::alloc, Way::in_place, Way::batch, Way::guarded}},
                    Setting{"LanedGuarded", 7, Writers::laned, {Way::guarded, Way::guarded}}),
    [](const testing::TestParamInfo<Setting>& setting) { return std::string(setting.param.name); });

/// All that guarded callers write comes in the order of their sequence numbers, and none is lost in a ring that is
/// large enough.
TEST(GuardedStressTest, NothingIsLostWhereThereIsRoom) {
  using Value = test::CheckedValue<24>;
  constexpr std::uint32_t kThreads = 3;
  const std::uint64_t each = values_per_writer() / 4;
  const test::TempName name;
  auto arena = Arena<Value>::create(name, {.slots = 2 * kThreads * each});
  std::vector<std::thread> threads;
  for (std::uint32_t id = 0; id < kThreads; ++id) {
    threads.emplace_back([&, id] {
      auto own =
          id == 0 ? Arena<Value>::open(name) : Arena<Value>::open_or_create(name, {.slots = 2 * kThreads * each});
      for (std::uint64_t count = 0; count < each; ++count) (count % 2 == 0 ? arena : own).alloc(Value::make(id, count));
    });
  }
  for (std::thread& thread : threads) thread.join();
  auto reader = arena.reader(From::oldest);
  std::array<std::uint64_t, kThreads> next{};
  while (const auto entry = reader.next()) {
    ASSERT_TRUE(entry->value.whole());
    ASSERT_EQ(entry->value.count(), next.at(entry->value.writer())++);
  }
  for (const std::uint64_t count : next) EXPECT_EQ(count, each);
  EXPECT_EQ(reader.overwritten_count() + reader.passed_over_count(), 0U);
}

}  // namespace
}  // namespace arena_shm
