// A death is seen before the kernel has taken the dead one's memory apart: while its lease is still held. And a death
// that cannot be proved so is not: what still can store is alive.
#include <gtest/gtest.h>

#include <cstdint>
#include <thread>

#include "arena_shm/arena.hpp"
#include "core/process_death.hpp"
#include "crash/acts.hpp"
#include "crash/death_fixture.hpp"
#include "support/held_death.hpp"
#include "support/memory_sharer.hpp"

namespace arena_shm::test {
namespace {

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
