// kill -9 at every instruction of alloc: for each k, a child is killed k instructions into the operation. After each
// kill a survivor allocs three laps, and a follower accounts for every sequence number.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <random>
#include <string>

#include "arena_shm/arena.hpp"
#include "instruction/operations.hpp"
#include "instruction/stepped_child.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace test;

struct Scenario {
  const char* name;
  Writers writers;
  /// Runs in the child, which has opened the arena; returns what is stepped through.
  Operation (*prepare)(Arena<Value>& arena);
  /// Runs in the parent before the child is made; what it returns lives until the child is dead. May be null.
  std::shared_ptr<void> (*surround)(const std::string& name) = nullptr;
  std::uint64_t stride = 1;  ///< in the short form: kill at every second of these, the first one at random,
  std::uint64_t thin =
      0;  ///< and, if not 0, ever more seldom: each time a thin-th of the way further; in the long form, a 40th of that
  bool timed = false;     ///< its values have times
  bool lossless = false;  ///< writers wait for consumers
};

std::ostream& operator<<(std::ostream& out, const Scenario& scenario) { return out << scenario.name; }

class EveryInstructionTest : public testing::TestWithParam<Scenario> {};

/// Three laps by survivors; they may not wait for anybody.
void survive(const std::string& name, Writers writers) {
  auto arena = Arena<Value>::open(name);
  if (writers == Writers::exclusive) {
    auto writer = arena.writer();
    for (std::uint64_t i = 0; i < 3 * kSlots; ++i) ASSERT_TRUE(writer.try_alloc(Value::make(kSurvivor, i)));
    return;
  }
  auto writer = arena.writer();
  for (std::uint64_t i = 0; i < 3 * kSlots; ++i) {
    ASSERT_TRUE(writer.try_alloc(Value::make(kSurvivor, i)));
    arena.alloc(Value::make(kSurvivor, i));
  }
}

void account(const std::string& name, Reader<Value>& reader, std::uint64_t first) {
  const auto view = ArenaView<Value>::open(name);
  for (auto entry = reader.next(); reader.lag() > 0 || entry; entry = reader.next()) {
    if (!entry) continue;
    ASSERT_TRUE(entry->value.whole()) << "seq " << entry->seq;
  }
  EXPECT_EQ(view.count() - first,
            reader.read_count() + reader.overwritten_count() + reader.hole_count() + reader.passed_over_count());
}

TEST_P(EveryInstructionTest, OthersGoOnAndEverySeqIsAccountedFor) {
  const Scenario& scenario = GetParam();
  const bool all = std::getenv("ARENA_SHM_LONG") != nullptr;
  const std::uint64_t stride = all ? 1 : 2 * scenario.stride;
  std::uint64_t kills = 0;
  bool inside = true;
  const std::uint64_t thin = all ? 40 * scenario.thin : scenario.thin;
  const std::uint64_t first = std::random_device{}() % stride;  // another one in each run: in time, all
  for (std::uint64_t k = first; inside; k += thin == 0 ? stride : std::max(stride, k / thin)) {
    SCOPED_TRACE("killed at instruction " + std::to_string(k));
    const test::TempName name;
    const auto arena = Arena<Value>::create(name, {.slots = kSlots,
                                                   .writers = scenario.writers,
                                                   .seats = 8,
                                                   .time = scenario.timed,
                                                   .full = scenario.lossless ? Full::wait : Full::overwrite,
                                                   .consumers = 3});
    auto before = arena.reader(From::oldest, {.hold = std::chrono::milliseconds{0}});
    const auto company = scenario.surround != nullptr ? scenario.surround(name.str()) : nullptr;
    {
      SteppedChild child([&] {
        static Arena<Value> own = Arena<Value>::open(name);
        return scenario.prepare(own);
      });
      ASSERT_TRUE(child.prepared());
      inside = child.step_into(k);
    }
    ++kills;
    account(name.str(), before, 0);  // what the dead one left: its seqs are values or holes, at once
    survive(name.str(), scenario.writers);
    account(name.str(), before, 0);
    if (company == nullptr) {
      EXPECT_EQ(before.passed_over_count(), 0U);  // nobody lives who could hold anything back
    }
    if (testing::Test::HasFailure()) return;
  }
  RecordProperty("kills", static_cast<int>(kills));
  std::printf("%s: killed at %llu places, from the %lluth on\n", scenario.name, static_cast<unsigned long long>(kills),
              static_cast<unsigned long long>(first));
  EXPECT_GT(kills * stride, 20U);
}

INSTANTIATE_TEST_SUITE_P(
    Alloc, EveryInstructionTest,
    testing::Values(
        Scenario{"Shared", Writers::shared, writer_alloc},
        Scenario{"SharedTakesFromTheDead", Writers::shared, writer_alloc, dead_writer_in_next_slot, 3},
        Scenario{"SharedSkipsTheStopped", Writers::shared, writer_alloc, stopped_writer_in_next_slot, 97, 2},
        Scenario{"SharedForeseen", Writers::shared, foreseen_alloc}, Scenario{"Batch", Writers::shared, batch_alloc},
        Scenario{"InC", Writers::shared, alloc_in_c}, Scenario{"InCForeseen", Writers::shared, foreseen_alloc_in_c},
        Scenario{"InCExclusive", Writers::exclusive, alloc_in_c},
        Scenario{"Exclusive", Writers::exclusive, writer_alloc},
        Scenario{"ExclusiveAdvance", Writers::exclusive, advance, nullptr, 5},
        Scenario{"LanedAdvance", Writers::laned, advance, nullptr, 5},
        Scenario{"ExclusiveBatch", Writers::exclusive, batch_alloc}, Scenario{"Laned", Writers::laned, writer_alloc},
        Scenario{"LanedBatch", Writers::laned, batch_alloc}, Scenario{"GuardedLaned", Writers::laned, guarded_alloc},
        Scenario{"LanedTimed", Writers::laned, writer_alloc, nullptr, 1, 0, true},
        Scenario{"Guarded", Writers::shared, guarded_alloc},
        Scenario{"GuardedExclusive", Writers::exclusive, guarded_alloc},
        Scenario{"Reserved", Writers::shared, reserved_alloc},
        Scenario{"ReservedForeseen", Writers::shared, reserved_foreseen_alloc},
        Scenario{"LosslessAlloc", Writers::shared, lossless_alloc, nullptr, 1, 0, false, true},
        Scenario{"LosslessConsuming", Writers::shared, consuming, nullptr, 1, 0, false, true},
        Scenario{"LosslessConsumingLane", Writers::laned, consuming, nullptr, 1, 0, false, true},
        Scenario{"LosslessJoining", Writers::shared, joining, nullptr, 149, 0, false, true},
        Scenario{"GroupTaking", Writers::shared, taking, nullptr, 1, 0, false, true},
        Scenario{"GroupTakingLane", Writers::laned, taking, nullptr, 1, 0, false, true},
        Scenario{"GroupTakingOver", Writers::shared, taking_over, nullptr, 31, 0, false, true},
        Scenario{"GroupJoining", Writers::shared, joining_a_group, nullptr, 1009, 0, false, true},
        Scenario{"SeatTaking", Writers::shared, seat_taking, nullptr, 149}),
    [](const testing::TestParamInfo<Scenario>& scenario) { return std::string(scenario.param.name); });

}  // namespace
}  // namespace arena_shm
