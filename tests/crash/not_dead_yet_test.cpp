// Processes that look dead, and whose memory somebody still has.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <thread>
#include <utility>

#include "arena_shm/arena.hpp"
#include "core/process_death.hpp"
#include "crash/acts.hpp"
#include "crash/death_fixture.hpp"
#include "support/held_death.hpp"
#include "support/memory_sharer.hpp"

namespace arena_shm::test {
namespace {

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

}  // namespace
}  // namespace arena_shm::test
