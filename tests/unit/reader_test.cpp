// Following: what is delivered, what is counted, and that nothing is neither.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/checked_value.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"
#include "unit/reader_fixture.hpp"

namespace arena_shm {
namespace {

using test::CheckedValue;
using test::code_of;
using test::TempName;

TEST_F(ReaderTest, BeginsWhereItIsTold) {
  make(4);
  write(6);
  EXPECT_EQ(arena_->reader(From::oldest).cursor(), 2U);
  EXPECT_EQ(arena_->reader(From::newest).cursor(), 6U);
  EXPECT_EQ(arena_->reader(From::at(3)).cursor(), 3U);
  EXPECT_EQ(arena_->reader(From::at(100)).cursor(), 100U);
  EXPECT_EQ(arena_->reader(From::oldest).next()->value, 20U);
  EXPECT_EQ(arena_->reader(From::newest).next(), std::nullopt);
  EXPECT_EQ(arena_->reader(From::at(3)).next()->value, 30U);
  EXPECT_EQ(code_of([&] { arena_->reader(From::at(core::kSeqLimit)); }), std::nullopt);
  EXPECT_EQ(code_of([&] { arena_->reader(From::at(core::kSeqLimit + 1)); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { arena_->reader(From::at(~std::uint64_t{0})); }), Code::invalid_argument);
}

TEST_F(ReaderTest, OfAnEmptyRingFindsNothingThenEverything) {
  make(4);
  auto reader = arena_->reader(From::oldest);
  EXPECT_EQ(reader.next(), std::nullopt);
  write(4);
  for (std::uint64_t seq = 0; seq < 4; ++seq) EXPECT_EQ(reader.next()->seq, seq);
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_EQ(reader.read_count(), 4U);
}

TEST_F(ReaderTest, AheadOfTheCounterWaitsForItsSeq) {
  make(4);
  auto reader = arena_->reader(From::at(9));
  write(9);
  EXPECT_EQ(reader.next(), std::nullopt);
  write(1);
  EXPECT_EQ(reader.next()->seq, 9U);
  expect_accounted(reader, 9);
}

TEST_F(ReaderTest, TakesManyAtOnce) {
  make(8);
  write(5);
  auto reader = arena_->reader(From::oldest);
  std::vector<Entry<std::uint64_t>> entries(3);
  EXPECT_EQ(reader.next(entries), 3U);
  EXPECT_EQ(entries[2].seq, 2U);
  EXPECT_EQ(entries[2].value, 20U);
  EXPECT_EQ(reader.next(entries), 2U);
  EXPECT_EQ(reader.next(entries), 0U);
  EXPECT_EQ(reader.next(std::span<Entry<std::uint64_t>>()), 0U);
}

TEST_F(ReaderTest, GoesOnAfterBeingMoved) {
  make(4);
  write(2);
  auto first = arena_->reader(From::oldest);
  first.next();
  auto second = std::move(first);
  EXPECT_EQ(second.next()->seq, 1U);
  EXPECT_EQ(second.read_count(), 2U);
}

TEST_F(ReaderTest, KeepsTheSegmentWhenItsArenaIsGone) {
  make(4);
  write(1);
  auto reader = arena_->reader(From::oldest);
  auto writer = arena_->writer();
  arena_.reset();
  EXPECT_EQ(reader.next()->value, 0U);
  writer.alloc(77);
  EXPECT_EQ(reader.next()->value, 77U);
}

// The slot changes all the time: a copy is hardly ever whole. next() has to come back nevertheless, and to lie never.
TEST(HotRingTest, NextReturnsOnARingOfOneSlotWithAHotWriter) {
  using Value = CheckedValue<200>;
  for (const Writers writers : {Writers::shared, Writers::exclusive}) {
    const TempName name;
    auto arena = Arena<Value>::create(name, {.slots = 1, .writers = writers});
    std::atomic<bool> end{false};
    std::uint64_t written = 0;
    std::thread hot([&] {
      auto writer = arena.writer();
      while (!end.load(std::memory_order_relaxed)) writer.alloc(Value::make(1, written++));
    });
    auto reader = arena.reader(From::at(0));
    std::uint64_t torn = 0;
    for (int i = 0; i < 20000; ++i) {
      if (const auto entry = reader.next()) torn += !entry->value.whole() || entry->value.count() != entry->seq;
    }
    end = true;
    hot.join();
    while (reader.next()) {
    }
    EXPECT_EQ(torn, 0U);
    EXPECT_EQ(reader.cursor(), written);
    EXPECT_EQ(reader.read_count() + reader.overwritten_count() + reader.passed_over_count(), written);
    EXPECT_EQ(reader.hole_count(), 0U);
  }
}

}  // namespace
}  // namespace arena_shm
