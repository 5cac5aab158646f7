// kill -9, and stops, of writers and consumers of a lossless arena, at random, again and again: every value that was
// written reaches every durable consumer, whole, and nobody waits for the dead.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "storm/lossless_storm.hpp"
#include "support/child.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::kBatch;
using test::kMostSeqs;
using test::kMostWriters;
using test::soon;
using Setting = test::StormSetting;
using Value = test::StormValue;

constexpr std::uint32_t kDurable = 2;

/// What one durable consumer has got, over all processes that have been it.
struct Account {
  std::array<std::atomic<std::uint16_t>, kMostSeqs> writers;  // whose value it was, + 1; 0: it did not come
  std::array<std::atomic<bool>, kMostSeqs> holes;
};

/// In memory that all share; what nobody touches takes none.
struct Findings {
  std::array<Account, kDurable> accounts;
  test::Written written;
  std::atomic<std::uint64_t> torn{0}, lost{0}, read{0}, repeated{0};
};

enum class Role : std::uint32_t { writer, batches, guarded, durable, other_durable, consumer, count };
constexpr auto kRoles = static_cast<std::uint32_t>(Role::count);

/// Of those who write. Requires: one of the first three roles.
test::Way way_of(Role role) {
  return role == Role::guarded ? test::Way::guarded : role == Role::batches ? test::Way::batches : test::Way::alloc;
}

[[noreturn]] void consume_for_ever(Arena<Value>& arena, std::uint32_t number, Findings& findings) {
  auto consumer = arena.consumer("durable " + std::to_string(number), {.durable = true});
  Account& account = findings.accounts[number];
  consumer.on_gap([&](const Gap& gap) {
    if (gap.cause != Loss::hole) findings.lost += gap.count();
    for (std::uint64_t seq = gap.first; seq <= gap.last && seq < kMostSeqs; seq += gap.step) account.holes[seq] = true;
  });
  for (;;) {
    const auto entry = consumer.next();
    if (!entry) {
      consumer.wait_for(10ms);
      continue;
    }
    if (!entry->value.whole()) ++findings.torn;
    if (entry->seq >= kMostSeqs) continue;
    const auto before = account.writers[entry->seq].exchange(static_cast<std::uint16_t>(entry->value.writer() + 1));
    if (before != 0) ++findings.repeated;
  }
}

/// One that nobody waits for when it is dead.
[[noreturn]] void look_on_for_ever(Arena<Value>& arena, std::uint32_t id, Findings& findings) {
  auto consumer = arena.consumer("plain " + std::to_string(id), {.from = From::newest});
  consumer.on_gap([&](const Gap& gap) {
    if (gap.cause != Loss::hole) findings.lost += gap.count();
  });
  for (;;) {
    if (const auto entry = consumer.next()) {
      if (!entry->value.whole()) ++findings.torn;
      ++findings.read;
    } else {
      consumer.wait_for(10ms);
    }
  }
}

Child spawn(const std::string& name, Role role, std::uint32_t id, Findings& findings) {
  return Child([&]() -> int {
    auto arena = Arena<Value>::open(name);
    for (;;) {
      try {
        if (role == Role::durable) consume_for_ever(arena, 0, findings);
        if (role == Role::other_durable) consume_for_ever(arena, 1, findings);
        if (role == Role::consumer) look_on_for_ever(arena, id, findings);
        write_for_ever(arena, way_of(role), id, findings.written);
      } catch (const Error& error) {
        // Exclusive arenas: somebody else has it. A name, or a seat: somebody who has just died is not gone yet.
        if (error.code() != Code::table_full && error.code() != Code::already_exists &&
            error.code() != Code::obstructed)
          throw;
        std::this_thread::sleep_for(100us);
      }
    }
  });
}

class LosslessKillTest : public testing::TestWithParam<Setting> {};

TEST_P(LosslessKillTest, NothingLostNothingTornNobodyStuck) {
  const Setting& setting = GetParam();
  const int kills = std::getenv("ARENA_SHM_LONG") != nullptr ? 10000 : 300;
  const test::TempName name;
  auto arena = Arena<Value>::create(
      name, {.slots = setting.slots, .writers = setting.writers, .seats = 16, .full = Full::wait, .consumers = 8});
  const test::Shared<Findings> findings;
  for (std::uint32_t i = 0; i < kDurable; ++i) arena.consumer("durable " + std::to_string(i), {.durable = true});

  std::uint32_t next_id = 0;
  std::vector<Child> crowd;
  for (std::uint32_t i = 0; i < kRoles; ++i) crowd.push_back(spawn(name.str(), Role{i}, next_id++, *findings));
  std::mt19937 random(20261129);
  std::uniform_int_distribution<std::uint32_t> victims(0, kRoles - 1);
  std::uniform_int_distribution<int> pauses(0, 1500);
  int killed = 0;
  for (; killed < kills && arena.head() < kMostSeqs - (std::uint64_t{1} << 22); ++killed) {
    std::this_thread::sleep_for(std::chrono::microseconds(pauses(random)));
    const Child& stopped = crowd[victims(random)];
    stopped.signal(SIGSTOP);
    std::this_thread::sleep_for(500us);
    stopped.signal(SIGCONT);
    const std::uint32_t victim = victims(random);
    ASSERT_EQ(crowd[victim].kill_and_reap(), "signal 9");
    crowd[victim] = spawn(name.str(), Role{victim}, next_id++, *findings);
    const std::uint64_t count = arena.count();
    ASSERT_TRUE(soon([&] { return arena.count() != count; })) << "nobody writes any more after kill " << killed;
  }
  // The writers stop; the others go on to the end.
  for (const auto role : {Role::writer, Role::batches, Role::guarded})
    crowd[static_cast<std::size_t>(role)].kill_and_reap();
  const auto all_done = [&] {
    for (const ConsumerInfo& one : arena.consumers()) {
      if (one.durable && one.lag > 0) return false;
    }
    return true;
  };
  ASSERT_TRUE(soon(all_done)) << "a consumer does not come to the end";
  for (Child& child : crowd) child.kill_and_reap();

  EXPECT_EQ(findings->torn, 0U);
  EXPECT_EQ(findings->lost, 0U);
  std::uint64_t holes = 0;
  for (const Account& account : findings->accounts) {
    std::uint64_t seen = 0;
    std::vector<std::uint64_t> values(kMostWriters);
    for (std::uint64_t seq = 0; seq < std::min(arena.head(), kMostSeqs); ++seq) {
      const bool got = account.writers[seq] > 0;
      const bool hole = account.holes[seq];
      ASSERT_FALSE(got && hole) << seq << " was called a hole, and was one of the values";
      seen += got || hole ? 1 : 0;
      holes += hole ? 1 : 0;
      if (got) ++values[account.writers[seq] - 1U];
    }
    ASSERT_EQ(seen, arena.count()) << "each number came, or was told to be a hole";
    for (std::uint32_t id = 0; id < next_id; ++id) {
      ASSERT_GE(values[id], findings->written[id]) << "of writer " << id;
      ASSERT_LE(values[id], findings->written[id] + kBatch) << "of writer " << id;
    }
  }
  const std::uint64_t batch = std::max<std::uint64_t>(setting.slots / 8, 1);
  EXPECT_LE(findings->repeated, static_cast<std::uint64_t>(killed + 10) * 16 * (batch + 1)) << "what was not released";
  EXPECT_GT(arena.count(), static_cast<std::uint64_t>(killed));
  std::printf("%s: %d kills, %llu values to each of two, %llu holes, %llu repeated, %llu by others\n", setting.name,
              killed, static_cast<unsigned long long>(arena.count()), static_cast<unsigned long long>(holes / kDurable),
              static_cast<unsigned long long>(findings->repeated.load()),
              static_cast<unsigned long long>(findings->read.load()));
}

INSTANTIATE_TEST_SUITE_P(
    Rings, LosslessKillTest,
    testing::Values(Setting{"OneSlot", 1, Writers::shared}, Setting{"ThreeSlots", 3, Writers::shared},
                    Setting{"SixtyFourSlots", 64, Writers::shared}, Setting{"ManySlots", 4096, Writers::shared},
                    Setting{"Exclusive", 64, Writers::exclusive}, Setting{"Laned", 16, Writers::laned}),
    [](const testing::TestParamInfo<Setting>& setting) { return std::string(setting.param.name); });

}  // namespace
}  // namespace arena_shm
