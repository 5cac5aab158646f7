// A death is seen before the kernel has taken the dead one's memory apart: while its lease is still held. And a death
// that cannot be proved so is not: what still can store is alive.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include "arena_shm/arena.hpp"
#include "core/process_death.hpp"
#include "crash/acts.hpp"
#include "support/held_death.hpp"
#include "support/memory_sharer.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

using Value = CrashValue;

/// An arena, a victim that is stopped inside of it, and the words of its seat, 0.
class DeathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to see that nobody shares a memory";
  }

  void make(Writers writers) {
    arena_.emplace(Arena<Value>::create(name_, {.slots = kCrashSlots, .writers = writers, .seats = kCrashSeats}));
    file_ = std::make_unique<SegmentFile>(name_.str());
    segment_ = core::Segment::open(name_.str(), core::Access::read_write);
  }
  Child victim(const Cut& cut) {
    Child child = make_victim(cut, name_.str(), SIGSTOP);
    EXPECT_EQ(child.stop_or_end(), "stopped");
    child.signal(SIGCONT);
    EXPECT_EQ(child.stop_or_end(), "stopped");
    return child;
  }
  /// Each of them would wait for the victim, or take its slot for a living one's. Exits with 0.
  Child survivor() {
    return Child([this] {
      auto own = Arena<Value>::open(name_);
      own.alloc(Value::make(kSurvivorId, 0));
      return 0;
    });
  }
  core::LeaseState lease() { return segment_->leases().test(0, 1); }  // the victim's session is the seat's first
  core::Holder holder() {
    const core::Seat& seat = file_->seat(0);
    return {seat.pid.load(), seat.start_time.load(), seat.pid_namespace.load(), seat.lease_page.load()};
  }
  /// Any other process that just then is made, or ends, leaves it open who has the dead one's memory.
  core::Dying how_it_dies_at_last() {
    for (;;) {
      if (const core::Dying dying = core::how_it_dies(holder()); dying != core::Dying::no) return dying;
      std::this_thread::yield();
    }
  }
  bool is_over() { return segment_->witness().is_over(0); }

  TempName name_;
  std::optional<Arena<Value>> arena_;
  std::unique_ptr<SegmentFile> file_;
  std::shared_ptr<const core::Segment> segment_;
};

TEST_F(DeathTest, AMutexHolderThatIsKilledIsFollowedWhileItHasItsMemory) {
  for (const int signal : {SIGKILL, SIGTERM}) {
    make(Writers::shared);
    Child dead = victim({Act::guarded, "mutex_locked", 1, 0, 0});
    HeldDeath death(dead.pid());
    if (!death) GTEST_SKIP() << "may not trace";
    EXPECT_FALSE(core::is_proved_dead(holder()));
    death.kill(signal);
    ASSERT_EQ(lease(), core::LeaseState::held);
    EXPECT_EQ(survivor().end(), "exit 0");
    EXPECT_EQ(lease(), core::LeaseState::held) << "it was not this that told";
    EXPECT_EQ(how_it_dies_at_last(), core::Dying::exiting);
    death.let_go();
    EXPECT_EQ(dead.end(), "signal " + std::to_string(signal));
    Arena<Value>::remove(name_);
  }
}

// A process is looked at once for all the seats that it held.
TEST_F(DeathTest, OneProofServesForAllItsSeats) {
  make(Writers::shared);
  Child dead([this] {
    auto own = Arena<Value>::open(name_);
    std::vector<Writer<Value>> writers;
    for (int i = 0; i < 4; ++i) writers.push_back(own.writer("one of four"));
    ::raise(SIGSTOP);
    return 0;
  });
  ASSERT_EQ(dead.stop_or_end(), "stopped");
  HeldDeath death(dead.pid());
  if (!death) GTEST_SKIP() << "may not trace";
  death.kill(SIGKILL);
  ASSERT_EQ(lease(), core::LeaseState::held);
  const core::Witness& witness = segment_->witness();
  while (!is_over()) std::this_thread::yield();  // /proc is asked now and then
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_TRUE(witness.is_known_over(i, 1)) << "seat " << i;
  EXPECT_FALSE(witness.is_known_over(4, 1));
}

TEST_F(DeathTest, TheSeatOfAnExclusiveWriterIsFree) {
  make(Writers::exclusive);
  Child dead = victim({Act::exclusive, "slot_busy", 1, 1, 0});
  HeldDeath death(dead.pid());
  if (!death) GTEST_SKIP() << "may not trace";
  death.kill(SIGKILL);
  ASSERT_EQ(lease(), core::LeaseState::held);
  Child next([this] {
    auto own = Arena<Value>::open(name_);
    return static_cast<int>(own.writer("next").seat());
  });
  EXPECT_EQ(next.end(), "exit 0");
  EXPECT_EQ(file_->seat(0).session, 2U);
}

TEST_F(DeathTest, WhatItHadNotPublishedIsAHoleAndItsSlotIsWrittenAgain) {
  make(Writers::shared);
  Child dead = victim({Act::alloc, "slot_busy", 1, 1, 0});
  const std::uint64_t seq = arena_->head() - 1;
  HeldDeath death(dead.pid());
  if (!death) GTEST_SKIP() << "may not trace";
  EXPECT_EQ(arena_->read(seq).status, ReadStatus::pending);
  death.kill(SIGKILL);
  while (arena_->read(seq).status == ReadStatus::pending) std::this_thread::yield();  // /proc is asked now and then
  EXPECT_EQ(arena_->read(seq).status, ReadStatus::hole);
  {
    auto writer = arena_->writer("survivor");
    for (std::uint64_t i = 0; i < 3 * kCrashSlots; ++i) ASSERT_TRUE(writer.try_alloc(Value::make(kSurvivorId, i)));
    EXPECT_EQ(file_->seat(writer.seat()).skipped, 0U) << "nobody is in its slot";
  }
  ASSERT_EQ(lease(), core::LeaseState::held);
}

TEST_F(DeathTest, ItsSeatIsCleared) {
  make(Writers::shared);
  Child dead = victim({Act::guarded, "mutex_locked", 1, 0, 0});
  HeldDeath death(dead.pid());
  if (!death) GTEST_SKIP() << "may not trace";
  EXPECT_FALSE(core::clear_dead_seat(*segment_, 0));
  death.kill(SIGKILL);
  while (!core::clear_dead_seat(*segment_, 0)) std::this_thread::yield();
  EXPECT_EQ(core::mutex_owner(file_->control().mutex), 0U);
  ASSERT_EQ(lease(), core::LeaseState::held);
}

// Forked by one parent, they have everything at the same place; but not each other's memory.
TEST_F(DeathTest, ASiblingOfTheDeadThatHoldsASeatAtTheSamePlaceSharesNothing) {
  make(Writers::shared);
  const Gate ready;
  const Gate go;
  Child dead = victim({Act::guarded, "mutex_locked", 1, 0, 0});
  Child sibling([&] {
    auto own = Arena<Value>::open(name_);
    auto writer = own.writer("sibling");
    ready.open();
    go.pass();
    return 0;
  });
  ready.pass();
  EXPECT_NE(file_->seat(0).lease_page, file_->seat(1).lease_page);
  HeldDeath death(dead.pid());
  if (!death) GTEST_SKIP() << "may not trace";
  death.kill(SIGKILL);
  while (!core::is_proved_dead(holder())) std::this_thread::yield();
  ASSERT_EQ(lease(), core::LeaseState::held);
  go.open();
  EXPECT_EQ(sibling.end(), "exit 0");
}

// exit(3) and exit_group(2) let a tracer in before the kernel marks the process: it proves nothing yet.
TEST_F(DeathTest, OneThatIsAboutToExitIsAlive) {
  make(Writers::shared);
  Child dead([this] {
    auto own = Arena<Value>::open(name_);
    auto writer = own.writer("victim");
    ::raise(SIGSTOP);
    ::_exit(0);
    return 0;
  });
  ASSERT_EQ(dead.stop_or_end(), "stopped");
  HeldDeath death(dead.pid());
  if (!death) GTEST_SKIP() << "may not trace";
  dead.signal(SIGCONT);
  death.await_end();
  EXPECT_FALSE(core::is_proved_dead(holder()));
  EXPECT_EQ(core::how_it_dies(holder()), core::Dying::no);
  EXPECT_FALSE(is_over());
  death.let_go();
  EXPECT_EQ(dead.end(), "exit 0");
  EXPECT_TRUE(is_over());
}

// Its first thread has ended, as after pthread_exit in main: a zombie to look at, but others run.
TEST_F(DeathTest, OneWhoseFirstThreadHasEndedIsAlive) {
  make(Writers::shared);
  const Gate ready;
  Child child([&] {
    auto own = Arena<Value>::open(name_);
    auto writer = own.writer("victim");
    std::thread other([&] {
      ready.open();
      ::pause();
    });
    ::syscall(SYS_exit, 0);
    return 0;
  });
  ready.pass();
  while (child.state() != 'Z') std::this_thread::yield();
  EXPECT_FALSE(core::is_proved_dead(holder()));
  EXPECT_EQ(core::how_it_dies(holder()), core::Dying::no);
  EXPECT_FALSE(is_over());
  child.kill_and_reap();
  EXPECT_TRUE(is_over());
}

TEST_F(DeathTest, OneWhoseThreadsAreAllPastReturnIsDead) {
  make(Writers::shared);
  const Gate ready;
  Child child([&] {
    auto own = Arena<Value>::open(name_);
    auto writer = own.writer("victim");
    for (int i = 0; i < 200; ++i) std::thread([] { ::pause(); }).detach();
    ready.open();
    ::pause();
    return 0;
  });
  ready.pass();
  HeldDeath death(child.pid());
  if (!death) GTEST_SKIP() << "may not trace";
  EXPECT_FALSE(core::is_proved_dead(holder()));
  death.kill(SIGKILL);
  while (!core::is_proved_dead(holder())) std::this_thread::yield();
  ASSERT_EQ(lease(), core::LeaseState::held) << "its first thread has its memory";
}

// Its memory lives on in a child that has not called exec: no death until that has ended, whatever /proc says of it.
TEST_F(DeathTest, OneWhoseMemoryAChildHasWithoutExecIsAliveUntilThatEnds) {
  for (const auto& fate : {std::pair{true, false}, {false, false}, {true, true}, {false, true}}) {
    const bool reaped = fate.first;
    const bool first_thread_ends = fate.second;
    make(Writers::shared);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    Child dead([&] {
      ::close(ends[1]);
      auto own = Arena<Value>::open(name_);
      own.alloc(Value::make(kVictimId, 0));
      if (make_memory_sharer(ends[0], first_thread_ends) < 0) return 1;
      StopAt::arm("slot_busy", SIGSTOP);
      own.alloc(Value::make(kVictimId, 1));
      return 0;
    });
    ::close(ends[0]);
    ASSERT_EQ(dead.stop_or_end(), "stopped");
    dead.signal(SIGKILL);
    dead.become_zombie();
    if (reaped) dead.end();
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(core::is_proved_dead(holder()));
      EXPECT_FALSE(is_over());
    }
    EXPECT_EQ(arena_->read(1).status, ReadStatus::pending);
    EXPECT_FALSE(core::clear_dead_seat(*segment_, 0));
    if (!first_thread_ends) {
      EXPECT_EQ(how_it_dies_at_last(), core::Dying::gone);
    }
    ::close(ends[1]);
    EXPECT_EQ(survivor().end(), "exit 0");
    EXPECT_EQ(arena_->read(1).status, ReadStatus::hole);
    Arena<Value>::remove(name_);
  }
}

// 64 MiB take the kernel some milliseconds to take apart: no hook, no tracer.
TEST_F(DeathTest, OneWithMuchMemoryIsFollowed) {
  make(Writers::shared);
  for (std::uint64_t i = 1; i < 6; ++i) {
    Child dead([this] {
      const std::vector<char> much(64 << 20, 1);
      auto own = Arena<Value>::open(name_);
      own.alloc(Value::make(kVictimId, 0));
      StopAt::arm("mutex_locked", SIGSTOP);
      own.alloc(Value::make(kVictimId, 1));
      return static_cast<int>(much[0]);
    });
    ASSERT_EQ(dead.stop_or_end(), "stopped");
    dead.signal(SIGKILL);
    EXPECT_EQ(survivor().end(), "exit 0");
    EXPECT_EQ(dead.end(), "signal 9");
  }
}

}  // namespace
}  // namespace arena_shm::test
