// kill -9, stops and evictions of writers and of members of groups, at random, again and again: every value that was
// written is processed by a member of the durable group, by one only but for what the dead and the evicted had, and
// nobody waits for the dead.
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

constexpr std::uint64_t kMostInHand = 16;  // of a member: a range, and a value that was pending for long

constexpr std::uint64_t kSeldom = 32;

/// In memory that all share; what nobody touches takes none.
struct Findings {
  std::array<std::atomic<std::uint16_t>, kMostSeqs> writers;   // whose value it was, + 1; 0: nobody has processed it
  std::array<std::atomic<bool>, kMostSeqs> holes, first_time;  // it came, and was not marked
  test::Written written;
  std::atomic<std::uint64_t> torn{0}, lost{0}, twice{0}, redelivered{0}, late{0}, crew{0}, evicted{0};
};

enum class Role : std::uint32_t { writer, batches, guarded, member, other_member, of_several, crew, other_crew, count };
constexpr auto kRoles = static_cast<std::uint32_t>(Role::count);

/// Of those who write. Requires: one of the first three roles.
test::Way way_of(Role role) {
  return role == Role::guarded ? test::Way::guarded : role == Role::batches ? test::Way::batches : test::Way::alloc;
}

void process(const Entry<Value>& entry, Findings& findings) {
  if (!entry.value.whole()) ++findings.torn;
  if (entry.late) ++findings.late;
  if (entry.redelivered) ++findings.redelivered;
  if (entry.seq >= kMostSeqs) return;
  if (!entry.redelivered && findings.first_time[entry.seq].exchange(true)) ++findings.twice;
  if (entry.seq % kSeldom == 0) std::this_thread::sleep_for(200us);  // some are to be killed with it in hand
  findings.writers[entry.seq] = static_cast<std::uint16_t>(entry.value.writer() + 1);
}

[[noreturn]] void work_for_ever(Arena<Value>& arena, Role role, Findings& findings) {
  auto member = arena.consumer("workers", {.share = true, .durable = true});
  member.on_gap([&](const Gap& gap) {
    if (gap.cause != Loss::hole) findings.lost += gap.count();
    for (std::uint64_t seq = gap.first; seq <= gap.last && seq < kMostSeqs; seq += gap.step) findings.holes[seq] = true;
  });
  std::array<Entry<Value>, 6> some;
  for (;;) {
    try {
      const std::size_t count = member.next(std::span(some).first(role == Role::of_several ? some.size() : 1));
      for (std::size_t i = 0; i < count; ++i) process(some[i], findings);
      if (count == 0) member.wait_for(10ms);
    } catch (const Error& error) {
      if (error.code() != Code::evicted) throw;
      ++findings.evicted;
    }
  }
}

/// Of a group that is waited for as long as one of them lives.
[[noreturn]] void crew_for_ever(Arena<Value>& arena, Findings& findings) {
  auto member = arena.consumer("crew", {.share = true});
  for (;;) {
    if (const auto entry = member.next()) {
      if (!entry->value.whole()) ++findings.torn;
      ++findings.crew;
    } else {
      member.wait_for(10ms);
    }
  }
}

Child spawn(const std::string& name, Role role, std::uint32_t id, Findings& findings) {
  return Child([&]() -> int {
    auto arena = Arena<Value>::open(name);
    for (;;) {
      try {
        switch (role) {
          case Role::member:
          case Role::other_member:
          case Role::of_several: work_for_ever(arena, role, findings);
          case Role::crew:
          case Role::other_crew: crew_for_ever(arena, findings);
          default: write_for_ever(arena, way_of(role), id, findings.written);
        }
      } catch (const Error& error) {
        // Exclusive arenas: somebody else has it. A place, or a name: somebody who has just died is not gone yet.
        if (error.code() != Code::table_full && error.code() != Code::obstructed) throw;
        std::this_thread::sleep_for(100us);
      }
    }
  });
}

void evict_a_member(const Arena<Value>& arena, std::mt19937& random) {
  const auto all = arena.consumers();
  const ConsumerInfo& one = all[std::uniform_int_distribution<std::size_t>(0, all.size() - 1)(random)];
  if (one.kind != ConsumerKind::member || one.name != "workers") return;
  try {
    arena.evict_consumer(one.name + "/" + std::to_string(one.index));
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;  // it has died since
  }
}

class GroupKillTest : public testing::TestWithParam<Setting> {};

TEST_P(GroupKillTest, NothingLostNothingTwiceNobodyStuck) {
  const Setting& setting = GetParam();
  const int kills = std::getenv("ARENA_SHM_LONG") != nullptr ? 10000 : 300;
  const test::TempName name;
  auto arena = Arena<Value>::create(
      name, {.slots = setting.slots, .writers = setting.writers, .seats = 16, .full = Full::wait, .consumers = 10});
  const test::Shared<Findings> findings;
  arena.consumer("workers", {.share = true, .durable = true});

  std::uint32_t next_id = 0;
  std::vector<Child> crowd;
  for (std::uint32_t i = 0; i < kRoles; ++i) crowd.push_back(spawn(name.str(), Role{i}, next_id++, *findings));
  std::mt19937 random(20261130);
  std::uniform_int_distribution<std::uint32_t> victims(0, kRoles - 1);
  std::uniform_int_distribution<int> pauses(0, 1500);
  int killed = 0;
  for (; killed < kills && arena.head() < kMostSeqs - (std::uint64_t{1} << 22); ++killed) {
    std::this_thread::sleep_for(std::chrono::microseconds(pauses(random)));
    const Child& stopped = crowd[victims(random)];
    stopped.signal(SIGSTOP);
    std::this_thread::sleep_for(500us);
    if (killed % 8 == 0) evict_a_member(arena, random);
    stopped.signal(SIGCONT);
    const std::uint32_t victim = victims(random);
    ASSERT_EQ(crowd[victim].kill_and_reap(), "signal 9");
    crowd[victim] = spawn(name.str(), Role{victim}, next_id++, *findings);
    const std::uint64_t count = arena.count();
    ASSERT_TRUE(soon([&] { return arena.count() != count; })) << "nobody writes any more after kill " << killed;
  }
  // The writers stop; the members go on to the end.
  for (const auto role : {Role::writer, Role::batches, Role::guarded})
    crowd[static_cast<std::size_t>(role)].kill_and_reap();
  const auto all_done = [&] {
    for (const ConsumerInfo& one : arena.consumers()) {
      if (one.name == "workers" && one.lag > 0) return false;
    }
    return true;
  };
  ASSERT_TRUE(soon(all_done)) << "the group does not come to the end";
  for (Child& child : crowd) child.kill_and_reap();

  EXPECT_EQ(findings->torn, 0U);
  EXPECT_EQ(findings->lost, 0U);
  EXPECT_EQ(findings->twice, 0U) << "not marked as redelivered";
  std::vector<std::uint64_t> values(kMostWriters);
  std::uint64_t untold = 0;
  std::uint64_t holes = 0;
  for (std::uint64_t seq = 0; seq < std::min(arena.head(), kMostSeqs); ++seq) {
    const bool got = findings->writers[seq] > 0;
    ASSERT_FALSE(got && findings->holes[seq]) << seq << " was called a hole, and was one of the values";
    if (got) ++values[findings->writers[seq] - 1U];
    holes += findings->holes[seq] ? 1U : 0U;
    untold += got || findings->holes[seq] ? 0U : 1U;
  }
  for (std::uint32_t id = 0; id < next_id; ++id) {
    ASSERT_GE(values[id], findings->written[id]) << "of writer " << id;
    ASSERT_LE(values[id], findings->written[id] + kBatch) << "of writer " << id;
  }
  if (setting.writers != Writers::laned) {
    EXPECT_LE(untold, static_cast<std::uint64_t>(killed) * kBatch) << "holes that a member was killed with";
  }
  EXPECT_LE(findings->redelivered, (static_cast<std::uint64_t>(killed) + findings->evicted + 10) * kMostInHand);
  EXPECT_GT(arena.count(), static_cast<std::uint64_t>(killed));
  std::printf("%s: %d kills, %llu values, %llu holes, %llu redelivered, %llu late, %llu evictions, %llu by a crew\n",
              setting.name, killed, static_cast<unsigned long long>(arena.count()),
              static_cast<unsigned long long>(holes), static_cast<unsigned long long>(findings->redelivered.load()),
              static_cast<unsigned long long>(findings->late.load()),
              static_cast<unsigned long long>(findings->evicted.load()),
              static_cast<unsigned long long>(findings->crew.load()));
}

INSTANTIATE_TEST_SUITE_P(
    Rings, GroupKillTest,
    testing::Values(Setting{"OneSlot", 1, Writers::shared}, Setting{"ThreeSlots", 3, Writers::shared},
                    Setting{"SixtyFourSlots", 64, Writers::shared}, Setting{"Exclusive", 64, Writers::exclusive},
                    Setting{"Laned", 16, Writers::laned}),
    [](const testing::TestParamInfo<Setting>& setting) { return std::string(setting.param.name); });

}  // namespace
}  // namespace arena_shm
