// kill -9 at every instruction of alloc: for each k, a child is killed k instructions into the operation. After each
// kill a survivor allocs three laps, and a follower accounts for every sequence number.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <ostream>
#include <random>
#include <string>

#include "arena_shm/arena.hpp"
#include "arena_shm/arena_shm.h"
#include "instruction/stepped_child.hpp"
#include "support/checked_value.hpp"
#include "support/child.hpp"
#include "support/foreseen.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Child;
using test::SteppedChild;
using Value = test::CheckedValue<40>;

constexpr std::uint64_t kSlots = 4;
constexpr std::uint32_t kVictim = 1;
constexpr std::uint32_t kSurvivor = 2;

using Operation = std::function<void()>;

struct Scenario {
  const char* name;
  Writers writers;
  /// Runs in the child, which has opened the arena; returns what is stepped through.
  Operation (*prepare)(Arena<Value>& arena);
  /// Runs in the parent before the child is made; what it returns lives until the child is dead. May be null.
  std::shared_ptr<void> (*surround)(const std::string& name) = nullptr;
  std::uint64_t stride = 1;  ///< in the short form: kill at every stride-th instruction, the first one at random,
  std::uint64_t thin =
      0;  ///< and, if not 0, ever more seldom: each time a thin-th of the way further; in the long form, a 40th of that
  bool timed = false;     ///< its values have times
  bool lossless = false;  ///< writers wait for consumers
};

std::ostream& operator<<(std::ostream& out, const Scenario& scenario) { return out << scenario.name; }

Value victim_value() {
  static std::uint64_t count = 0;
  return Value::make(kVictim, ++count);
}

Operation writer_alloc(Arena<Value>& arena) {
  auto writer = std::make_shared<Writer<Value>>(arena.writer());
  return [writer] { writer->alloc(victim_value()); };
}

Operation foreseen_alloc(Arena<Value>& arena) {
  auto writer = std::make_shared<Writer<Value>>(arena.writer());
  test::write_until_foreseen(arena, [&] { writer->alloc(victim_value()); });
  return [writer] { writer->alloc(victim_value()); };
}

Operation alloc_in_c(Arena<Value>& arena) {
  arena_shm_arena* handle = nullptr;
  arena_shm_writer* writer = nullptr;
  if (arena_shm_open(arena.name().c_str(), nullptr, &handle, nullptr) < 0 ||
      arena_shm_writer_open(handle, nullptr, &writer, nullptr) < 0)
    std::abort();
  const auto alloc = [writer] {
    const Value value = victim_value();
    arena_shm_entry entry;
    arena_shm_writer_alloc(writer, &value, sizeof value, &entry, nullptr);
  };
  alloc();  // what is looked up by then need not be stepped through
  return alloc;
}

Operation foreseen_alloc_in_c(Arena<Value>& arena) {
  const Operation alloc = alloc_in_c(arena);
  test::write_until_foreseen(arena, alloc);
  return alloc;
}

Operation batch_alloc(Arena<Value>& arena) {
  auto writer = std::make_shared<Writer<Value>>(arena.writer());
  return [writer] {
    const std::array<Value, 3> values{victim_value(), victim_value(), victim_value()};
    writer->alloc(std::span<const Value>(values));
  };
}

Operation guarded_alloc(Arena<Value>& arena) {
  arena.alloc(victim_value());  // takes the seat
  return [&arena] { arena.alloc(victim_value()); };
}

Operation reserved_alloc(Arena<Value>& arena) {
  for (int i = 0; i < 300; ++i) arena.alloc(victim_value());  // alone: the mutex gets reserved
  return [&arena] { arena.alloc(victim_value()); };
}

Operation reserved_foreseen_alloc(Arena<Value>& arena) {
  const Operation alloc = reserved_alloc(arena);
  test::write_until_foreseen(arena, alloc);
  return alloc;
}

Operation lossless_alloc(Arena<Value>& arena) {
  static auto consumer = arena.consumer("victim");
  return writer_alloc(arena);
}

Operation consuming(Arena<Value>& arena) {
  auto writer = arena.writer();
  auto consumer = std::make_shared<Consumer<Value>>(arena.consumer("victim"));
  writer.alloc(victim_value());
  writer.alloc(victim_value());
  consumer->next();
  return [consumer] {
    consumer->next();  // has done with the first one
    consumer->release();
  };
}

Operation joining(Arena<Value>& arena) {
  return [&arena] { arena.consumer("victim"); };
}

/// A member takes a value, and is done with it.
Operation taking(Arena<Value>& arena) {
  auto writer = arena.writer();
  auto member = std::make_shared<Consumer<Value>>(arena.consumer("victim", {.share = true}));
  writer.alloc(victim_value());
  writer.alloc(victim_value());
  member->next();
  return [member] {
    member->next();  // has done with the first one
    member->release();
  };
}

/// A member takes over what another one that left has in hand.
Operation taking_over(Arena<Value>& arena) {
  auto writer = arena.writer();
  auto member = std::make_shared<Consumer<Value>>(arena.consumer("victim", {.share = true}));
  writer.alloc(victim_value());
  {
    auto leaving = arena.consumer("victim", {.share = true});
    leaving.next();
  }
  return [member] {
    member->next();
    member->release();
  };
}

Operation joining_a_group(Arena<Value>& arena) {
  return [&arena] { arena.consumer("victim", {.share = true}); };
}

Operation seat_taking(Arena<Value>& arena) {
  return [&arena] { arena.writer("victim"); };
}

/// Leaves the slot that comes next in the hands of a writer that died in the middle of it.
std::shared_ptr<void> dead_writer_in_next_slot(const std::string& name) {
  auto arena = Arena<Value>::open(name);
  Child child([&name] {
    auto own = Arena<Value>::open(name);
    auto writer = own.writer();
    writer.alloc_with([](SlotWriter&) noexcept { ::raise(SIGKILL); });
    return 0;
  });
  EXPECT_EQ(child.end(), "signal 9");
  auto writer = arena.writer();
  for (std::uint64_t i = 1; i < kSlots; ++i) writer.alloc(Value::make(kSurvivor, i));
  return nullptr;
}

/// The same with one that is stopped there, and lives.
std::shared_ptr<void> stopped_writer_in_next_slot(const std::string& name) {
  auto arena = Arena<Value>::open(name);
  auto child = std::make_shared<Child>([&name] {
    auto own = Arena<Value>::open(name);
    auto writer = own.writer();
    writer.alloc_with([](SlotWriter&) noexcept { ::raise(SIGSTOP); });
    return 0;
  });
  EXPECT_EQ(child->stop_or_end(), "stopped");
  auto writer = arena.writer();
  for (std::uint64_t i = 1; i < kSlots; ++i) writer.alloc(Value::make(kSurvivor, i));
  return child;
}

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
  const std::uint64_t stride = all ? 1 : scenario.stride;
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
  EXPECT_GT(kills, 20U);
}

INSTANTIATE_TEST_SUITE_P(
    Alloc, EveryInstructionTest,
    testing::Values(
        Scenario{"Shared", Writers::shared, writer_alloc},
        Scenario{"SharedTakesFromTheDead", Writers::shared, writer_alloc, dead_writer_in_next_slot, 3},
        Scenario{"SharedSkipsTheStopped", Writers::shared, writer_alloc, stopped_writer_in_next_slot, 97, 8},
        Scenario{"SharedForeseen", Writers::shared, foreseen_alloc}, Scenario{"Batch", Writers::shared, batch_alloc},
        Scenario{"InC", Writers::shared, alloc_in_c}, Scenario{"InCForeseen", Writers::shared, foreseen_alloc_in_c},
        Scenario{"InCExclusive", Writers::exclusive, alloc_in_c},
        Scenario{"Exclusive", Writers::exclusive, writer_alloc},
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
