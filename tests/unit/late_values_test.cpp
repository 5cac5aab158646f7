// Consumers of a shared arena, and writers that are stopped in the middle of a value.
#include <gtest/gtest.h>

#include <optional>

#include "support/stopped_writer.hpp"
#include "unit/lossless_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::StoppedWriter;

class LateValuesTest : public ::testing::Test {
 protected:
  using Tick = std::uint64_t;
  static constexpr std::uint64_t kSlots = 16;

  std::vector<Tick> take_all() {
    std::vector<Tick> values;
    for (;;) {
      if (const auto entry = consumer_.next())
        values.push_back(entry->value + (entry->late ? 1000 : 0));
      else if (!consumer_.wait_for(20ms))
        return values;
    }
  }

  test::TempName name_;
  Arena<Tick> arena_ = Arena<Tick>::create(name_, {.slots = kSlots, .seats = 4, .full = Full::wait});
  test::SegmentFile file_{name_};
  Writer<Tick> writer_ = arena_.writer();
  Consumer<Tick> consumer_ = arena_.consumer("risk");
};

TEST_F(LateValuesTest, ComeWhenTheyArePublished) {
  writer_.alloc(0);
  StoppedWriter stopped(arena_, file_);
  EXPECT_EQ(stopped.stop_in_slot(), 1U);
  writer_.alloc(2);
  writer_.alloc(3);
  EXPECT_EQ(take_all(), (std::vector<Tick>{0, 2, 3}));
  EXPECT_EQ(consumer_.awaited_count(), 1U);
  EXPECT_EQ(arena_.consumers()[0].position, 1U) << "it is not done with it";
  stopped.publish(1);
  EXPECT_EQ(take_all(), (std::vector<Tick>{1001}));
  EXPECT_EQ(consumer_.awaited_count(), 0U);
  EXPECT_EQ(consumer_.late_count(), 1U);
  EXPECT_EQ(consumer_.read_count(), 4U);
  EXPECT_EQ(arena_.consumers()[0].position, 4U);
}

TEST_F(LateValuesTest, AreHolesOnlyWhenTheirWriterIsDead) {
  StoppedWriter stopped(arena_, file_);
  EXPECT_EQ(stopped.stop_in_slot(3), 0U);
  writer_.alloc(3);
  EXPECT_EQ(take_all(), (std::vector<Tick>{3}));
  EXPECT_EQ(consumer_.hole_count(), 0U);
  EXPECT_EQ(consumer_.awaited_count(), 3U);
  std::vector<std::uint64_t> lost;
  consumer_.on_gap([&](const Gap& gap) {
    EXPECT_EQ(gap.cause, Loss::hole);
    for (auto seq = gap.first; seq <= gap.last; ++seq) lost.push_back(seq);
  });
  stopped.die();
  EXPECT_TRUE(take_all().empty());
  EXPECT_EQ(consumer_.hole_count(), 3U);
  EXPECT_EQ(consumer_.awaited_count(), 0U);
  EXPECT_EQ(lost, (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST_F(LateValuesTest, AreHolesAlsoForAConsumerThatNeverWaits) {
  StoppedWriter stopped(arena_, file_);
  EXPECT_EQ(stopped.stop_in_slot(), 0U);
  writer_.alloc(1);
  EXPECT_EQ(take_all(), (std::vector<Tick>{1}));
  EXPECT_EQ(consumer_.awaited_count(), 1U);
  stopped.die();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(consumer_.next());
  EXPECT_EQ(consumer_.awaited_count(), 0U);
  EXPECT_EQ(consumer_.hole_count(), 1U);
  EXPECT_EQ(arena_.consumers()[0].position, 2U);
}

TEST_F(LateValuesTest, ComeInTheirOrder) {
  StoppedWriter stopped(arena_, file_);
  EXPECT_EQ(stopped.stop_in_slot(5), 0U);
  writer_.alloc(5);
  EXPECT_EQ(take_all(), (std::vector<Tick>{5}));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(consumer_.next());
  for (Tick i = 4; i > 0; --i) {
    *(&file_.stamp(i) + 1) = i;
    file_.stamp(i) = core::done(i);
  }
  stopped.publish(0);
  EXPECT_EQ(take_all(), (std::vector<Tick>{1000, 1001, 1002, 1003, 1004}));
}

TEST_F(LateValuesTest, HoldUpTheWritersOnlyWhenTheRingIsFull) {
  StoppedWriter stopped(arena_, file_);
  EXPECT_EQ(stopped.stop_in_slot(), 0U);
  Tick i = 1;
  for (; i < kSlots - 1; ++i) ASSERT_TRUE(writer_.try_alloc(i)) << i;
  EXPECT_EQ(take_all().size(), kSlots - 2);
  // Others might take a number, too: tries end a little before the ring is full.
  writer_.alloc(i++);
  EXPECT_FALSE(writer_.try_alloc(100));
  EXPECT_EQ(take_all(), (std::vector<Tick>{i - 1}));
  EXPECT_FALSE(writer_.try_alloc(100)) << "the value that is awaited would be overwritten";
  ASSERT_EQ(writer_.blocked_by().size(), 1U);
  stopped.publish(0);
  EXPECT_EQ(take_all(), (std::vector<Tick>{1000}));
  EXPECT_TRUE(writer_.try_alloc(i));
}

TEST_F(LateValuesTest, AreNotThoseOfWritersThatWaitForRoom) {
  auto slow = arena_.consumer("slow");
  auto reader = arena_.reader(From::newest);
  for (Tick i = 0; i < kSlots; ++i) writer_.alloc(i);
  std::thread producer([&] { writer_.alloc(kSlots); });
  while (file_.control().head != kSlots + 1) std::this_thread::yield();
  EXPECT_EQ(take_all().size(), kSlots);
  EXPECT_EQ(consumer_.awaited_count(), 0U) << "nothing later is there: it need not go on without";
  for (Tick i = 0; i < kSlots; ++i) EXPECT_EQ(reader.next()->value, i);
  EXPECT_FALSE(reader.wait_for(20ms));
  EXPECT_EQ(reader.passed_over_count(), 0U);
  for (Tick i = 0; i < kSlots; ++i) EXPECT_EQ(slow.next()->value, i);
  EXPECT_FALSE(slow.wait_for(0ms) && slow.lag() > 1) << "it has released them";
  producer.join();
  EXPECT_EQ(take_all(), (std::vector<Tick>{kSlots})) << "in its place";
  EXPECT_EQ(consumer_.late_count(), 0U);
  ASSERT_TRUE(reader.wait_for(1s));
  EXPECT_EQ(reader.next()->value, kSlots);
}

TEST_F(LateValuesTest, AreNotThoseOfABatchThatNothingComesBehind) {
  constexpr std::uint64_t kMany = 100'000;  // more than one look can look at
  const test::TempName name;
  auto arena = Arena<Tick>::create(name, {.slots = kMany, .seats = 4, .full = Full::wait});
  test::SegmentFile file(name);
  auto reader = arena.reader(From::newest);
  auto consumer = arena.consumer("risk");
  auto writer = arena.writer();
  StoppedWriter stopped(arena, file);
  stopped.stop_in_slot(kMany - 100);
  EXPECT_FALSE(reader.wait_for(20ms));
  EXPECT_EQ(reader.passed_over_count(), 0U);
  EXPECT_FALSE(consumer.wait_for(20ms));
  EXPECT_EQ(consumer.awaited_count(), 0U);
  writer.alloc(1);
  ASSERT_TRUE(consumer.wait_for(10s));
  EXPECT_EQ(consumer.next()->seq, kMany - 100);
  EXPECT_EQ(consumer.awaited_count(), kMany - 100);
}

// Not of late values, but of losses.
TEST_F(LateValuesTest, WhatIsNotToldYetIsNotDoneWith) {
  StoppedWriter stopped(arena_, file_);
  EXPECT_EQ(stopped.stop_in_slot(2), 0U);
  writer_.alloc(2);
  stopped.die();
  std::vector<std::uint64_t> told;
  consumer_.on_gap([&](const Gap& gap) {
    EXPECT_EQ(gap.cause, Loss::hole);
    told.push_back(gap.last);
    EXPECT_EQ(arena_.consumers()[0].position, 0U) << "whoever comes back would not learn of it";
  });
  ASSERT_TRUE(consumer_.wait_for(1s));
  EXPECT_EQ(consumer_.next()->value, 2U);
  EXPECT_EQ(told, (std::vector<std::uint64_t>{1}));
  EXPECT_FALSE(consumer_.next());
  EXPECT_EQ(arena_.consumers()[0].position, 3U);
}

TEST_F(LateValuesTest, AreAwaitedByADurableOneThatComesBack) {
  auto durable = arena_.consumer("durable", {.durable = true});
  StoppedWriter stopped(arena_, file_);
  EXPECT_EQ(stopped.stop_in_slot(), 0U);
  writer_.alloc(1);
  while (!durable.next()) durable.wait_for(20ms);
  durable.release();
  durable = arena_.consumer("other");  // it goes away
  stopped.publish(0);
  auto again = arena_.consumer("durable");
  EXPECT_EQ(again.next()->value, 0U);
  EXPECT_EQ(again.next()->value, 1U) << "once more: it could not be released before the other";
}

}  // namespace
}  // namespace arena_shm
