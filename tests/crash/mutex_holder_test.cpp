// The holder of the interprocess mutex dies or is stopped: the others go on, or queue, and one at a time owns it.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/acts.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

using Value = CrashValue;

class MutexHolderTest : public ::testing::Test {
 protected:
  /// A process that gets `number` at `point` inside of Arena::alloc; it has taken its seat, and written one value,
  /// before.
  Child caller(const char* point, int number) {
    return Child([this, point, number] {
      auto arena = Arena<Value>::open(name_);
      arena.alloc(Value::make(1, 0));
      StopAt::arm(point, number);
      arena.alloc(Value::make(1, 1));
      return 0;
    });
  }
  /// A process that writes, and whose seat is one it has taken before anything happens.
  Child bystander(const Gate& ready, const Gate& go) {
    return Child([this, &ready, &go] {
      auto arena = Arena<Value>::open(name_);
      arena.alloc(Value::make(2, 0));
      ready.open();
      go.pass();
      for (std::uint64_t i = 1; i < 20; ++i) arena.alloc(Value::make(2, i));
      return 0;
    });
  }
  /// Takes a seat, and is stopped at that point. Exits with the seat's number.
  Child newcomer_at(const char* point) {
    return Child([this, point] {
      auto arena = Arena<Value>::open(name_);
      StopAt::arm(point, SIGSTOP);
      return static_cast<int>(arena.writer("newcomer").seat());
    });
  }
  std::uint64_t word() { return file_.control().mutex; }

  TempName name_;
  Arena<Value> arena_ = Arena<Value>::create(name_, {.slots = kCrashSlots, .seats = kCrashSeats});
  SegmentFile file_{name_};
};

TEST_F(MutexHolderTest, KilledItIsFreedByThoseWhoCome) {
  for (const char* point : {"mutex_locked", "alloc_claimed", "slot_busy", "slot_done", "mutex_unlock"}) {
    const Gate ready;
    const Gate go;
    Child other = bystander(ready, go);
    ready.pass();
    Child holder = caller(point, SIGKILL);
    ASSERT_EQ(holder.end(), "signal 9") << point;
    EXPECT_NE(core::mutex_owner(word()), 0U) << point << ": it died holding it";
    go.open();
    EXPECT_EQ(other.end(), "exit 0") << point;
    EXPECT_EQ(core::mutex_owner(word()), 0U) << point;
  }
}

TEST_F(MutexHolderTest, KilledItIsFreedForThoseWhoSleepOnIt) {
  const Gate ready;
  const Gate go;
  Child holder = caller("mutex_locked", SIGSTOP);
  ASSERT_EQ(holder.stop_or_end(), "stopped");
  std::vector<Child> waiters;
  for (int i = 0; i < 3; ++i) {
    waiters.push_back(caller("mutex_waiting", SIGSTOP));
    // Its first alloc meets the held mutex: so it waits before it has written anything.
  }
  for (Child& waiter : waiters) waiter.signal(SIGCONT);
  while ((word() & core::kMutexWaiters) == 0) std::this_thread::yield();
  holder.kill_and_reap();
  for (Child& waiter : waiters) {
    // Each may stop once at its point on the way.
    if (waiter.stop_or_end() == "stopped") {
      waiter.signal(SIGCONT);
      EXPECT_EQ(waiter.end(), "exit 0");
    }
  }
  EXPECT_EQ(core::mutex_owner(word()), 0U);
}

TEST_F(MutexHolderTest, StoppedItHoldsUpCallersOfAllocButNoWriter) {
  Child holder = caller("mutex_locked", SIGSTOP);
  ASSERT_EQ(holder.stop_or_end(), "stopped");
  Child queued = Child([this] {
    auto arena = Arena<Value>::open(name_);
    StopAt::arm("mutex_waiting", SIGSTOP);
    arena.alloc(Value::make(2, 0));
    return 0;
  });
  ASSERT_EQ(queued.stop_or_end(), "stopped") << "it comes to where one waits";
  queued.signal(SIGCONT);
  auto writer = arena_.writer();
  for (std::uint64_t i = 0; i < 3 * kCrashSlots; ++i) ASSERT_TRUE(writer.try_alloc(Value::make(3, i)).has_value());
  EXPECT_EQ(core::mutex_owner(word()), 1U) << "it is still the stopped one's";
  holder.signal(SIGCONT);
  EXPECT_EQ(holder.end(), "exit 0");
  EXPECT_EQ(queued.end(), "exit 0");
  EXPECT_EQ(word() & ~core::kMutexWaiters, 0U);
}

// Who repairs may die, too; the next one finishes it.
TEST_F(MutexHolderTest, KilledRepairersAreFollowedByTheNext) {
  for (const char* point : {"mutex_repair", "mutex_repaired"}) {
    Child holder = caller("mutex_locked", SIGKILL);
    ASSERT_EQ(holder.end(), "signal 9");
    for (int i = 0; i < 3; ++i) {
      Child repairer([&] {
        auto arena = Arena<Value>::open(name_);
        StopAt::arm(point, SIGKILL);
        arena.alloc(Value::make(2, 0));
        return 0;
      });
      const std::string end = repairer.end();
      EXPECT_TRUE(end == "signal 9" || end == "exit 0") << end;
    }
    EXPECT_EQ(arena_.alloc(Value::make(3, 0)).value.count(), 0U) << point;
  }
}

// A newcomer finds a seat free, and is stopped. Another one takes it meanwhile, and dies in it, holding the mutex. The
// first one must neither begin a session that has been, nor be taken for the dead one.
TEST_F(MutexHolderTest, ANewcomerThatComesTooLateForItsSessionTakesAnotherSeat) {
  Child newcomer = newcomer_at("seat_looked");
  ASSERT_EQ(newcomer.stop_or_end(), "stopped");
  Child holder = caller("mutex_locked", SIGKILL);
  ASSERT_EQ(holder.end(), "signal 9");
  EXPECT_EQ(core::mutex_owner(word()), 1U);
  newcomer.signal(SIGCONT);
  EXPECT_EQ(newcomer.end(), "exit 1") << "its seat's number";
  EXPECT_EQ(file_.seat(0).session, 1U);
  EXPECT_EQ(arena_.alloc(Value::make(3, 0)).value.count(), 0U);
}

// From the door on nobody else can begin the session. Nor does the stopped one keep anybody from another seat.
TEST_F(MutexHolderTest, ANewcomerThatIsStoppedAtTheDoorHasTheSeatAndHoldsUpNobody) {
  for (const char* point : {"door_locked", "lease_locked", "seat_identified"}) {
    Child newcomer = newcomer_at(point);
    ASSERT_EQ(newcomer.stop_or_end(), "stopped");
    Child holder = caller("mutex_locked", SIGKILL);
    ASSERT_EQ(holder.end(), "signal 9");
    EXPECT_EQ(core::mutex_owner(word()), 2U) << point;
    Child survivor([&] {
      auto arena = Arena<Value>::open(name_);
      return arena.alloc(Value::make(3, 0)).value.count() == 0 ? 0 : 1;
    });
    EXPECT_EQ(survivor.end(), "exit 0") << point;
    newcomer.signal(SIGCONT);
    EXPECT_EQ(newcomer.end(), "exit 0") << point << ": its seat's number";
  }
}

// The dead holder's seat is taken by a newcomer, which is stopped at once; it must not be taken for the holder.
TEST_F(MutexHolderTest, ANewcomerStoppedInTheDeadHoldersSeatHoldsUpNobody) {
  for (const char* point : {"lease_locked", "seat_taken", "seat_repaired", "seat_entered"}) {
    const Gate ready;
    const Gate go;
    Child other = bystander(ready, go);
    ready.pass();
    Child holder = caller("mutex_locked", SIGKILL);
    ASSERT_EQ(holder.end(), "signal 9");
    Child newcomer([&] {
      auto arena = Arena<Value>::open(name_);
      StopAt::arm(point, SIGSTOP);
      auto writer = arena.writer("newcomer");
      return 0;
    });
    ASSERT_EQ(newcomer.stop_or_end(), "stopped") << point;
    go.open();
    EXPECT_EQ(other.end(), "exit 0") << point;
    newcomer.signal(SIGCONT);
    EXPECT_EQ(newcomer.end(), "exit 0") << point;
  }
}

// A reservation: taken back while its thread is stopped inside of alloc it costs one hole; its owner dead, none waits.
TEST_F(MutexHolderTest, AReservedHolderThatIsStoppedIsWaitedForAndThatIsKilledIsNot) {
  for (const int end : {SIGCONT, SIGKILL}) {
    Child holder = make_victim({Act::reserved, "mutex_reserved", 1, 1, 0}, name_.str(), SIGSTOP);
    ASSERT_EQ(holder.stop_or_end(), "stopped");
    ASSERT_TRUE(core::mutex_is_reserved(word()));
    holder.signal(SIGCONT);
    ASSERT_EQ(holder.stop_or_end(), "stopped");
    const std::uint64_t seq = arena_.head() - 1;
    Child taker([this] {
      auto arena = Arena<Value>::open(name_);
      StopAt::arm("mutex_waiting", SIGSTOP);
      arena.alloc(Value::make(2, 0));
      return 0;
    });
    ASSERT_EQ(taker.stop_or_end(), "stopped");
    taker.signal(SIGCONT);
    EXPECT_EQ(arena_.read(seq).status, ReadStatus::pending);
    holder.signal(end);
    EXPECT_EQ(holder.end(), end == SIGCONT ? "exit 0" : "signal 9");
    EXPECT_EQ(taker.end(), "exit 0");
    EXPECT_EQ(arena_.read(seq).status, ReadStatus::hole) << "given up: the mutex was somebody else's by then";
    EXPECT_EQ(word() & ~core::kMutexWaiters, 0U);
  }
}

}  // namespace
}  // namespace arena_shm::test
