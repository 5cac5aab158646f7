// A mutex that stays with its last owner until somebody else wants it.
#include <gtest/gtest.h>

#include <cstdint>
#include <thread>

#include "arena_shm/core/mutex.hpp"
#include "support/code_of.hpp"
#include "unit/mutex_fixture.hpp"

namespace arena_shm::core {
namespace {

using test::code_of;

class ReservationTest : public MutexTest {
 protected:
  void reserve(Party& party) {
    party.mutex.lock();
    ASSERT_TRUE(party.mutex.unlock_and_reserve());
    ASSERT_TRUE(party.mutex.has_reservation());
  }
};

TEST_F(ReservationTest, AnIdleOwnersIsTakenBackByWhoeverComes) {
  Party a(name_);
  Party b(name_);
  reserve(a);
  EXPECT_EQ(mutex_owner(word()), a.number());
  EXPECT_TRUE(b.mutex.try_lock());
  EXPECT_FALSE(a.mutex.has_reservation());
  b.mutex.unlock();
  EXPECT_FALSE(a.mutex.has_reservation());
  reserve(a);
  EXPECT_TRUE(b.mutex.timed_lock(soon()));
  b.mutex.unlock();
  reserve(a);
  a.mutex.lock();
  EXPECT_FALSE(a.mutex.has_reservation()) << "its own, too";
  a.mutex.unlock();
}

TEST_F(ReservationTest, AnOwnersThatIsInsideOfAllocIsNotTakenButItNeverEntersByItAgain) {
  Party a(name_);
  Party b(name_);
  reserve(a);
  a.seat().claim = claiming(0);
  std::thread([&] {
    EXPECT_FALSE(b.mutex.try_lock());
    EXPECT_FALSE(b.mutex.timed_lock(at_once()));
    EXPECT_FALSE(a.mutex.has_reservation()) << "V4 is for ever";
    a.seat().claim = writing(0);
    EXPECT_FALSE(b.mutex.try_lock());
  }).join();
  a.seat().claim = idle(1);
  EXPECT_TRUE(b.mutex.try_lock());
  b.mutex.unlock();
}

// As a signal handler does that comes upon an alloc of its own thread's through another handle.
TEST_F(ReservationTest, TheThreadThatIsInsideOfAllocIsNotMadeToWaitForItself) {
  Party a(name_);
  Party b(name_);
  reserve(a);
  a.seat().claim = claiming(0);
  EXPECT_EQ(code_of([&] { b.mutex.lock(); }), Code::reentered);
  EXPECT_EQ(code_of([&] { b.mutex.timed_lock(soon()); }), Code::reentered);
  a.seat().claim = idle(1);
  EXPECT_TRUE(b.mutex.try_lock());
  b.mutex.unlock();
}

// The thread that took the seat may have ended; another one has got the place of its thread-local data, and reserves.
TEST_F(ReservationTest, IsForTheThreadThatHasReserved) {
  Party a(name_);
  Party b(name_);
  a.seat().tid = 1;
  reserve(a);
  EXPECT_EQ(a.seat().tid, static_cast<std::uint32_t>(::gettid()));
  a.seat().claim = claiming(0);
  EXPECT_EQ(code_of([&] { b.mutex.lock(); }), Code::reentered);
  a.seat().claim = idle(1);
}

TEST_F(ReservationTest, IsNotGivenWhileSomebodyWaits) {
  Party a(name_);
  a.mutex.lock();
  set_word(word() | kMutexWaiters);
  EXPECT_FALSE(a.mutex.unlock_and_reserve());
  EXPECT_EQ(word(), 0U);
}

TEST_F(ReservationTest, NoWordIsUsedTwiceAndWhenAllAreUsedThereAreNoMore) {
  Party a(name_);
  reserve(a);
  const std::uint64_t first = word();
  a.mutex.give_reservation_back();
  EXPECT_EQ(word(), 0U);
  reserve(a);
  EXPECT_NE(word(), first);
  a.mutex.give_reservation_back();
  a.seat().reservations = kMaxReservations - 1;
  reserve(a);
  EXPECT_EQ(mutex_owner(word()), a.number()) << "the last generation does not spill into other bits";
  EXPECT_EQ(word() & kMutexWaiters, 0U);
  a.mutex.give_reservation_back();
  a.mutex.lock();
  EXPECT_FALSE(a.mutex.unlock_and_reserve());
  EXPECT_EQ(word(), 0U);
}

TEST_F(ReservationTest, GivingItBackIsNoHarmWhenItWasTakenMeanwhile) {
  Party a(name_);
  Party b(name_);
  reserve(a);
  b.mutex.lock();
  a.mutex.give_reservation_back();
  EXPECT_TRUE(b.mutex.is_locked_by_me());
  b.mutex.unlock();
  a.mutex.give_reservation_back();
  EXPECT_EQ(word(), 0U);
}

}  // namespace
}  // namespace arena_shm::core
