// Arena::alloc: one handle, any thread; the mutex, and its reservation for a handle that is alone.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/checked_value.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::CheckedValue;
using test::SegmentFile;
using test::StoppedWriter;
using test::TempName;

class GuardedAllocTest : public ::testing::Test {
 protected:
  void make(const Options& options) {
    arena_.emplace(Arena<std::uint64_t>::create(name_, options));
    file_.emplace(name_);
  }
  bool reserved() { return core::mutex_is_reserved(file_->control().mutex); }
  void alloc_alone(int count) {
    for (int i = 0; i < count; ++i) arena_->alloc(1);
  }

  TempName name_;
  std::optional<Arena<std::uint64_t>> arena_;
  std::optional<SegmentFile> file_;
};

TEST_F(GuardedAllocTest, ReturnsTheSeqAndAnIndependentCopy) {
  make({.slots = 2});
  std::uint64_t value = 5;
  const auto entry = arena_->alloc(value);
  value = 6;
  EXPECT_EQ(entry.seq, 0U);
  EXPECT_EQ(entry.value, 5U);
  EXPECT_EQ(*arena_->read(0), 5U);
}

TEST_F(GuardedAllocTest, AHandleThatIsAloneReservesTheMutex) {
  make({.slots = 8, .seats = 8});
  EXPECT_FALSE(reserved());
  alloc_alone(300);
  EXPECT_TRUE(reserved());
  EXPECT_EQ(arena_->head(), 300U) << "and makes no holes of it";
}

TEST_F(GuardedAllocTest, ASecondHandleTakesTheReservationBackAndBothGoOn) {
  make({.slots = 8, .seats = 8});
  alloc_alone(300);
  ASSERT_TRUE(reserved());
  auto other = Arena<std::uint64_t>::open(name_);
  EXPECT_EQ(other.alloc(1).seq, 300U);
  EXPECT_FALSE(reserved());
  EXPECT_EQ(arena_->alloc(2).seq, 301U);
  EXPECT_EQ(other.alloc(3).seq, 302U);
}

TEST_F(GuardedAllocTest, AReservationEndsWithItsHandle) {
  make({.slots = 8, .seats = 8});
  alloc_alone(300);
  ASSERT_TRUE(reserved());
  auto other = Arena<std::uint64_t>::open(name_);
  arena_.reset();
  EXPECT_EQ(file_->control().mutex, 0U);
  EXPECT_EQ(other.alloc(1).seq, 300U);
}

TEST_F(GuardedAllocTest, AHandleTakesOneSeatHoweverManyValuesAndThreadsItHas) {
  make({.slots = 8, .seats = 2});
  alloc_alone(1000);
  EXPECT_TRUE(reserved());
  std::thread([&] { arena_->alloc(1); }).join();
  EXPECT_EQ(file_->seat(0).session, 1U);
  EXPECT_EQ(file_->seat(1).session, 0U);
  EXPECT_NO_THROW(arena_->writer()) << "the second seat is still to be had";
}

TEST_F(GuardedAllocTest, ExclusiveArenasNeedNoReservation) {
  make({.slots = 8, .writers = Writers::exclusive});
  alloc_alone(1000);
  EXPECT_FALSE(reserved());
}

TEST_F(GuardedAllocTest, AThreadThatComesLaterFindsASeat) {
  make({.slots = 8, .seats = 3});
  alloc_alone(300);
  std::thread([&] { EXPECT_EQ(arena_->alloc(1).seq, 300U); }).join();
  EXPECT_EQ(arena_->alloc(2).seq, 301U);
}

TEST_F(GuardedAllocTest, OneSeatDoesForAllThreads) {
  make({.slots = 8, .seats = 1});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) arena_->alloc(1);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(file_->seat(0).values, 2000U);
  // A reservation that is taken back in the middle of an alloc costs a number.
  EXPECT_EQ(arena_->head(), 2000U + file_->seat(0).skipped);
  EXPECT_EQ(file_->seat(0).values, 2000U);
}

// The slot is quarantined in the middle of a reserved alloc.
TEST_F(GuardedAllocTest, AReservedAllocGoesRoundAStoppedWriter) {
  make({.slots = 4, .seats = 8});
  alloc_alone(300);
  ASSERT_TRUE(reserved());
  StoppedWriter stopped(*arena_, *file_);
  const std::uint64_t held = stopped.stop_in_slot();
  for (int i = 0; i < 30; ++i) {
    const auto entry = arena_->alloc(77);
    EXPECT_NE(entry.seq % 4, held % 4);
    EXPECT_EQ(*arena_->read(entry.seq), 77U);
  }
  stopped.publish(1);
  for (int i = 0; i < 6; ++i) arena_->alloc(1);
  EXPECT_GT(file_->stamp(held % 4), core::done(held));
}

// In the order of their numbers, which is why one asks for this and not for a Writer.
TEST_F(GuardedAllocTest, ValuesOfAllCallersArePublishedInOrder) {
  using Value = CheckedValue<64>;
  const TempName name;
  auto first = Arena<Value>::create(name, {.slots = 1 << 16, .seats = 16});
  auto second = Arena<Value>::open(name);
  constexpr std::uint64_t kEach = 5000;
  std::vector<std::uint64_t> unpublished[4];
  std::vector<std::thread> threads;
  for (std::uint32_t id = 0; id < 4; ++id) {
    threads.emplace_back([&, id] {
      Arena<Value>& arena = id % 2 == 0 ? first : second;
      for (std::uint64_t i = 0; i < kEach; ++i) {
        const auto entry = arena.alloc(Value::make(id, i));
        if (entry.seq > 0 && arena.read(entry.seq - 1).status == ReadStatus::pending)
          unpublished[id].push_back(entry.seq - 1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  // A number that was given up, with its reservation, looks pending beside one who is about to take a number.
  for (const auto& seqs : unpublished) {
    for (const std::uint64_t seq : seqs)
      EXPECT_EQ(first.read(seq).status, ReadStatus::hole) << "who comes later finds all that was before " << seq;
  }
  auto reader = first.reader(From::oldest);
  std::uint64_t next[4] = {};
  while (const auto entry = reader.next()) {
    ASSERT_TRUE(entry->value.whole());
    ASSERT_EQ(entry->value.count(), next[entry->value.writer()]++);
  }
  EXPECT_EQ(reader.read_count(), 4 * kEach);
  EXPECT_EQ(reader.cursor() - reader.read_count(), reader.hole_count());
}

}  // namespace
}  // namespace arena_shm
