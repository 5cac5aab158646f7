// The interprocess mutex by itself; its owners' deaths by signal are the matter of tests/crash.
#include "arena_shm/core/mutex.hpp"

#include <gtest/gtest.h>

#include <boost/interprocess/sync/lock_options.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "support/code_of.hpp"
#include "unit/mutex_fixture.hpp"

namespace arena_shm::core {
namespace {

namespace bip = boost::interprocess;
using test::code_of;

TEST_F(MutexTest, TheWordNamesTheOwnersSeat) {
  Party a(name_);
  Party b(name_);
  EXPECT_EQ(word(), 0U);
  b.mutex.lock();
  EXPECT_EQ(word(), mutex_owned_by(b.number(), b.hold.session()));
  EXPECT_TRUE(b.mutex.is_locked_by_me());
  EXPECT_FALSE(a.mutex.is_locked_by_me());
  b.mutex.unlock();
  EXPECT_EQ(word(), 0U);
}

TEST_F(MutexTest, OneOwnerAtATime) {
  Party a(name_);
  Party b(name_);
  EXPECT_TRUE(a.mutex.try_lock());
  EXPECT_FALSE(b.mutex.try_lock());
  EXPECT_FALSE(a.mutex.try_lock()) << "not even the owner again";
  EXPECT_FALSE(b.mutex.timed_lock(at_once()));
  a.mutex.unlock();
  EXPECT_TRUE(b.mutex.timed_lock(at_once()));
  b.mutex.unlock();
}

TEST_F(MutexTest, ADeadlineThatHasPassedStillLocksAFreeMutex) {
  Party a(name_);
  EXPECT_TRUE(a.mutex.timed_lock(InterprocessMutex::Clock::now() - std::chrono::hours(1)));
  a.mutex.unlock();
}

TEST_F(MutexTest, BoostsScopedLockWorksWithIt) {
  Party a(name_);
  Party b(name_);
  using Lock = bip::scoped_lock<InterprocessMutex>;
  {
    const Lock lock(a.mutex);
    EXPECT_TRUE(lock.owns());
    EXPECT_FALSE(Lock(b.mutex, bip::try_to_lock).owns());
    EXPECT_FALSE(Lock(b.mutex, at_once()).owns());
    Lock deferred(b.mutex, bip::defer_lock);
    EXPECT_FALSE(deferred.try_lock());
    EXPECT_FALSE(deferred.timed_lock(at_once()));
  }
  EXPECT_TRUE(Lock(b.mutex, bip::try_to_lock).owns());
  EXPECT_TRUE(Lock(b.mutex, at_once()).owns());
  EXPECT_EQ(word() & ~kMutexWaiters, 0U);
}

// A race in the counter is what ThreadSanitizer looks for; without it a lost count gives it away.
TEST_F(MutexTest, ThreadsExcludeEachOtherOnSeatsOfTheirOwnAndOnASharedOne) {
  const auto segment = Segment::open(name_, Access::read_write);
  SeatHold holds[3] = {{segment, ""}, {segment, ""}, {segment, ""}};
  std::vector<std::unique_ptr<InterprocessMutex>> mutexes;
  for (const SeatHold& hold : holds)
    mutexes.push_back(std::make_unique<InterprocessMutex>(segment->ring().control->mutex, segment->ring(),
                                                          segment->witness(), hold.index(), hold.session()));
  constexpr int kRounds = 20000;
  std::uint64_t counter = 0;
  std::vector<std::thread> threads;
  for (const int party : {0, 1, 2, 2}) {
    threads.emplace_back([&, party] {
      InterprocessMutex& mutex = *mutexes[static_cast<unsigned>(party)];
      for (int i = 0; i < kRounds; ++i) {
        if (i % 7 == 0) {
          while (!mutex.try_lock()) std::this_thread::yield();
        } else {
          mutex.lock();
        }
        ++counter;
        mutex.unlock();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter, 4U * kRounds);
  EXPECT_EQ(word() & ~kMutexWaiters, 0U);
}

TEST_F(MutexTest, AWaiterIsWokenByTheUnlock) {
  Party a(name_);
  Party b(name_);
  a.mutex.lock();
  bool locked = false;
  std::thread waiter([&] { locked = b.mutex.timed_lock(soon()); });
  while ((word() & kMutexWaiters) == 0) std::this_thread::yield();
  a.mutex.unlock();
  waiter.join();
  ASSERT_TRUE(locked);
  EXPECT_EQ(mutex_owner(word()), b.number());
  b.mutex.unlock();
  EXPECT_EQ(word(), 0U);
}

TEST_F(MutexTest, AnOwnerThatCannotBeIsCorrupt) {
  Party a(name_);
  // Among them one of a session of seat 1 that has not begun.
  for (const std::uint64_t bad :
       {std::uint64_t{9}, std::uint64_t{0x1fff}, kMutexWaiters, kMutexWaiters | 9, kMutexReserved, kMutexReserved | 9,
        kMutexReserved | kMutexWaiters, mutex_owned_by(2, 99), mutex_owned_by(0, 5), ~std::uint64_t{0}}) {
    set_word(bad);
    EXPECT_EQ(code_of([&] { a.mutex.lock(); }), Code::corrupt) << std::hex << bad;
    EXPECT_EQ(code_of([&] { a.mutex.try_lock(); }), Code::corrupt) << std::hex << bad;
    EXPECT_EQ(code_of([&] { arena_.alloc(1); }), Code::corrupt) << std::hex << bad;
    EXPECT_EQ(code_of([&] { arena_.alloc(1); }), Code::corrupt) << "and not reentered: " << std::hex << bad;
  }
  set_word(0);
  EXPECT_EQ(arena_.alloc(1).seq, 0U);
}

// Seat 5 belongs to nobody: who was its holder when it locked is dead.
TEST_F(MutexTest, ADeadOwnersMutexIsFreedByWhoeverComes) {
  Party a(name_);
  for (const std::uint64_t dead :
       {std::uint64_t{6}, 6 | kMutexWaiters, mutex_reserved_for(6, 77), mutex_reserved_for(6, 77) | kMutexWaiters}) {
    set_word(dead);
    EXPECT_TRUE(a.mutex.timed_lock(soon())) << std::hex << dead;
    a.mutex.unlock();
    set_word(dead);
    EXPECT_TRUE(a.mutex.try_lock()) << std::hex << dead;
    a.mutex.unlock();
  }
}

TEST_F(MutexTest, ANewcomerToTheDeadOwnersSeatFreesIt) {
  for (const std::uint64_t flags : {std::uint64_t{0}, kMutexWaiters, kMutexReserved, kMutexReserved | kMutexWaiters}) {
    set_word(flags | 1);
    Party newcomer(name_);
    ASSERT_EQ(newcomer.number(), 1U);
    EXPECT_TRUE(newcomer.mutex.timed_lock(soon())) << "it is not taken for its own";
    newcomer.mutex.unlock();
  }
}

// As if it had been put there behind the newcomer's back: the session that it names is over.
TEST_F(MutexTest, AnOlderSessionsMutexIsFreedThoughItsSeatLives) {
  { const Party first(name_); }
  Party a(name_);
  Party b(name_);
  ASSERT_EQ(a.hold.session(), 2U);
  set_word(mutex_owned_by(a.number(), 1));
  EXPECT_TRUE(b.mutex.timed_lock(soon()));
  b.mutex.unlock();
  set_word(mutex_owned_by(a.number(), 1) | kMutexWaiters);
  EXPECT_TRUE(a.mutex.timed_lock(soon()));
  a.mutex.unlock();
}

TEST_F(MutexTest, ALivingOwnersMutexIsLeftToIt) {
  Party a(name_);
  Party b(name_);
  a.mutex.lock();
  EXPECT_FALSE(b.mutex.timed_lock(at_once()));
  { const Party newcomer(name_); }
  EXPECT_TRUE(a.mutex.is_locked_by_me());
  a.mutex.unlock();
}

// As somebody leaves it who has freed the word, and let another one lock it.
TEST_F(MutexTest, AnUnlockLeavesAnothersWordAlone) {
  Party a(name_);
  Party b(name_);
  a.mutex.lock();
  set_word(mutex_owned_by(b.number(), b.hold.session()) | kMutexWaiters);
  a.mutex.unlock();
  EXPECT_TRUE(b.mutex.is_locked_by_me());
}

}  // namespace
}  // namespace arena_shm::core
