// kill -9 inside of alloc: what was published is read, what was not is a hole, nobody waits, and slot, seat and mutex
// are in use again at once.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/acts.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

using Value = CrashValue;

class KilledWriterTest : public ::testing::TestWithParam<Cut> {
 protected:
  /// Values that somebody else has written before, so that the victim comes into slots that were in use.
  void write_some(std::uint64_t count) {
    auto writer = arena_.writer("before");
    for (std::uint64_t i = 0; i < count; ++i) writer.alloc(Value::make(kSurvivorId, i));
  }

  TempName name_;
  Arena<Value> arena_ =
      Arena<Value>::create(name_, {.slots = kCrashSlots, .writers = writers_of(GetParam().act), .seats = kCrashSeats});
};

TEST_P(KilledWriterTest, LosesExactlyWhatItHadNotPublished) {
  const Cut& cut = GetParam();
  write_some(11);
  Child victim = make_victim(cut, name_.str(), SIGKILL);
  ASSERT_EQ(victim.stop_or_end(), "stopped");
  const std::uint64_t first = arena_.head();
  auto reader = arena_.reader(From::newest, {.hold = std::chrono::hours{1}});
  victim.signal(SIGCONT);
  ASSERT_EQ(victim.end(), "signal 9");

  ASSERT_EQ(arena_.head(), first + cut.handed);
  for (std::uint64_t i = 0; i < cut.handed; ++i) {
    const auto found = arena_.read(first + i);
    EXPECT_EQ(found.status, i < cut.published ? ReadStatus::ok : ReadStatus::hole) << "seq " << first + i;
    EXPECT_TRUE(!found || *found == Value::make(kVictimId, i));
  }

  // Three laps at once: no slot is skipped, nothing is waited for, and the dead one's seat is taken.
  {
    auto survivor = arena_.writer("survivor");
    for (std::uint64_t i = 0; i < 3 * kCrashSlots; ++i) {
      const auto entry = survivor.try_alloc(Value::make(kSurvivorId, i));
      ASSERT_TRUE(entry.has_value());
      ASSERT_EQ(entry->seq, first + cut.handed + i);
      ASSERT_EQ(*arena_.read(entry->seq), entry->value);
      const auto next = reader.next();
      if (i < cut.published) {
        ASSERT_EQ(next->value, Value::make(kVictimId, i));
      } else {
        ASSERT_EQ(next->value, Value::make(kSurvivorId, i - cut.published));
      }
    }
    EXPECT_EQ(survivor.seat(), 0U);
    EXPECT_EQ(SegmentFile(name_).seat(survivor.seat()).skipped, 0U);
  }
  EXPECT_EQ(arena_.alloc(Value::make(kSurvivorId, 99)).seq, first + cut.handed + 3 * kCrashSlots)
      << "the mutex is free";
  while (reader.next()) {
  }
  EXPECT_EQ(reader.hole_count(), cut.handed - cut.published);
  EXPECT_EQ(reader.read_count(), 3 * kCrashSlots + cut.published + 1);
  EXPECT_EQ(reader.overwritten_count() + reader.passed_over_count(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Points, KilledWriterTest, ::testing::ValuesIn(cuts()),
                         [](const auto& test) { return name_of(test.param); });

// Dead, and not reaped: its parent has not looked yet. Nothing waits for that.
TEST(ZombieTest, AZombieIsDead) {
  const TempName name;
  auto arena = Arena<Value>::create(name, {.slots = 3, .seats = 4});
  Child victim = make_victim({Act::alloc, "slot_busy", 1, 1, 0}, name.str(), SIGKILL);
  ASSERT_EQ(victim.stop_or_end(), "stopped");
  victim.signal(SIGCONT);
  victim.become_zombie();
  EXPECT_EQ(arena.read(0).status, ReadStatus::hole);
  auto writer = arena.writer();
  EXPECT_EQ(writer.seat(), 0U);
  for (std::uint64_t seq = 1; seq < 10; ++seq) EXPECT_EQ(writer.alloc(Value::make(3, seq)).seq, seq);
  Child holder = make_victim({Act::guarded, "mutex_locked", 1, 0, 0}, name.str(), SIGKILL);
  ASSERT_EQ(holder.stop_or_end(), "stopped");
  holder.signal(SIGCONT);
  holder.become_zombie();
  EXPECT_EQ(arena.alloc(Value::make(3, 9)).seq, 11U) << "the holder's own first value was 10";
}

// Who repairs a dead seat is stopped or killed in the middle of it, having forked or not: the next one, whoever it is,
// finishes the repair at once.
TEST(ClearedSeatTest, ARepairerThatIsStoppedOrKilledHoldsUpNobody) {
  for (const char* point : {"mutex_repair", "mutex_repaired", "seat_clearing"}) {
    for (const int fate : {SIGSTOP, SIGKILL}) {
      const TempName name;
      auto arena = Arena<Value>::create(name, {.slots = 3, .seats = 2});
      Child holder = make_victim({Act::guarded, "alloc_claimed", 1, 1, 0}, name.str(), SIGKILL);
      ASSERT_EQ(holder.stop_or_end(), "stopped");
      holder.signal(SIGCONT);
      ASSERT_EQ(holder.end(), "signal 9");
      const std::uint64_t seq = arena.head() - 1;
      const Gate over;
      Child repairer([&] {
        const auto segment = core::Segment::open(name.str(), core::Access::read_write);
        if (::fork() == 0) {  // a worker that lives longer than the repairer
          over.pass();
          ::_exit(0);
        }
        StopAt::arm(point, fate);
        return core::clear_dead_seat(*segment, 0) ? 1 : 0;
      });
      ASSERT_EQ(repairer.stop_or_end(), fate == SIGSTOP ? "stopped" : "signal 9") << point;
      EXPECT_EQ(arena.read(seq).status, ReadStatus::hole) << point;
      EXPECT_EQ(arena.writer().seat(), 0U) << point << ": the very seat that is under repair";
      EXPECT_EQ(arena.alloc(Value::make(3, 0)).seq, seq + 1) << point;
      over.open();
      if (fate != SIGSTOP) continue;
      repairer.signal(SIGCONT);
      EXPECT_EQ(repairer.end(), "exit 0") << point << ": it was not the one that cleared the seat";
      EXPECT_EQ(arena.alloc(Value::make(3, 1)).seq, seq + 2) << point;
    }
  }
}

// The sleeper is killed: it has left the bell set. One wake-up in vain, and the writers are at rest again.
TEST(KilledSleeperTest, LeavesOneNeedlessWakeUp) {
  const TempName name;
  auto arena = Arena<Value>::create(name, {.slots = 3, .seats = 4});
  Child sleeper([&] {
    const auto view = ArenaView<Value>::open(name);
    auto reader = view.reader(From::newest);
    StopAt::arm("sleeper_announced", SIGKILL);
    reader.wait_for(std::chrono::seconds(60));
    return 0;
  });
  ASSERT_EQ(sleeper.end(), "signal 9");
  SegmentFile file(name);
  EXPECT_EQ(file.doorbell().word & 1, 1U);
  auto writer = arena.writer();
  writer.alloc(Value::make(3, 0));
  EXPECT_EQ(file.doorbell().word & 1, 0U);
}

// The waker is killed with the value published and the bell seen, but not rung: the sleeper sleeps on, for a slice at
// most, and the bell is still there for the next one to ring.
TEST(KilledWakerTest, TheSleeperFindsTheValueAfterASlice) {
  const TempName name;
  auto arena = Arena<Value>::create(name, {.slots = 3, .seats = 4});
  SegmentFile file(name);
  Child sleeper([&] {
    const auto view = ArenaView<Value>::open(name);
    auto reader = view.reader(From::newest);
    const auto begin = std::chrono::steady_clock::now();
    if (!reader.wait_for(std::chrono::seconds(50))) return 1;
    return std::chrono::steady_clock::now() - begin < std::chrono::seconds(25) ? 0 : 2;  // a slice is 0.1 s
  });
  while ((file.doorbell().word & 1) == 0 || sleeper.state() != 'S') std::this_thread::yield();
  Child waker([&] {
    auto own = Arena<Value>::open(name);
    auto victim = own.writer("victim");
    StopAt::arm("doorbell_seen", SIGKILL);
    victim.alloc(Value::make(1, 0));
    return 0;
  });
  ASSERT_EQ(waker.end(), "signal 9");
  EXPECT_EQ(file.doorbell().word & 1, 1U);
  EXPECT_EQ(sleeper.end(), "exit 0");
  auto writer = arena.writer();
  writer.alloc(Value::make(3, 0));
  EXPECT_EQ(file.doorbell().word & 1, 0U);
}

}  // namespace
}  // namespace arena_shm::test
