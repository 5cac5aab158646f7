// Threads write into lossless arenas in every way there is, and the members of two groups share all of it: each group
// gets each value once; and writers and members put each other to sleep and wake each other all the while.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
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
using Value = test::CheckedValue<48>;

bool is_long() { return std::getenv("ARENA_SHM_LONG") != nullptr; }

struct Setting {
  const char* name;
  std::uint64_t slots;
  Writers writers;
  std::uint32_t writing;  ///< so many threads
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

/// How often each value came, by its writer.
struct Account {
  Account(std::uint32_t writers, std::uint64_t values) : total(writers * values) {
    for (std::uint32_t i = 0; i < writers; ++i) came.emplace_back(values);
  }
  std::uint64_t total;
  std::vector<std::vector<std::atomic<std::uint8_t>>> came;
  std::atomic<std::uint64_t> count{0}, torn{0}, marked{0};
};

void write_all(Arena<Value>& arena, std::uint32_t id, std::uint64_t total) {
  auto writer = arena.writer();
  for (std::uint64_t count = 0; count < total;) {
    if (id % 2 == 0) {
      writer.alloc(Value::make(id, count++));
      continue;
    }
    std::array<Value, 7> batch;
    const std::size_t length = std::min<std::uint64_t>(batch.size(), total - count);
    for (std::size_t i = 0; i < length; ++i) batch[i] = Value::make(id, count++);
    EXPECT_EQ(writer.alloc(std::span<const Value>(batch.data(), length)).count, length);
  }
}

void work(Consumer<Value>& member, Account& account, std::size_t several) {
  std::vector<Entry<Value>> some(several);
  while (account.count < account.total) {
    const std::size_t count = member.next(some);
    for (std::size_t i = 0; i < count; ++i) {
      const Value& value = some[i].value;
      if (!value.whole()) ++account.torn;
      if (some[i].redelivered) ++account.marked;
      ++account.came[value.writer()][value.count()];
    }
    account.count += count;
    if (count == 0) member.wait_for(10ms);
  }
}

class GroupStressTest : public testing::TestWithParam<Setting> {};

TEST_P(GroupStressTest, EachGroupGetsEachValueOnce) {
  const Setting& setting = GetParam();
  // In the smallest rings each value is waited for, and each time somebody sleeps.
  const std::uint64_t total = (is_long() ? 20U : 1U) * (setting.slots < 8 ? 4'000U : 20'000U);
  const test::TempName name;
  auto arena = Arena<Value>::create(
      name, {.slots = setting.slots, .writers = setting.writers, .seats = 8, .full = Full::wait, .consumers = 8});
  Account crew(setting.writing, total);
  Account workers(setting.writing, total);
  std::vector<Consumer<Value>> members;
  for (int i = 0; i < 3; ++i) members.push_back(arena.consumer("crew", {.share = true}));
  for (int i = 0; i < 2; ++i) members.push_back(arena.consumer("workers", {.share = true, .durable = true}));
  std::vector<std::thread> threads;
  for (std::uint32_t id = 0; id < setting.writing; ++id) threads.emplace_back([&, id] { write_all(arena, id, total); });
  for (std::size_t i = 0; i < members.size(); ++i)
    threads.emplace_back([&, i] { work(members[i], i < 3 ? crew : workers, i % 2 == 0 ? 1 : 20); });
  for (std::thread& thread : threads) thread.join();
  for (const Account* account : {&crew, &workers}) {
    EXPECT_EQ(account->torn, 0U);
    EXPECT_EQ(account->marked, 0U);
    EXPECT_EQ(account->count, account->total);
    for (const auto& of_writer : account->came)
      EXPECT_TRUE(std::all_of(of_writer.begin(), of_writer.end(), [](const auto& times) { return times == 1; }));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rings, GroupStressTest,
    testing::Values(Setting{"OneSlot", 1, Writers::shared, 2}, Setting{"ThreeSlots", 3, Writers::shared, 2},
                    Setting{"SixtyFour", 64, Writers::shared, 3}, Setting{"Exclusive", 16, Writers::exclusive, 1},
                    Setting{"Laned", 16, Writers::laned, 4}),
    [](const testing::TestParamInfo<Setting>& setting) { return std::string(setting.param.name); });

}  // namespace
}  // namespace arena_shm
