// Values that were handed out and are not there: whose writer lives, is stopped, or is dead.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "arena_shm/arena.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::SegmentFile;
using test::StoppedWriter;
using test::TempName;

constexpr ReaderOptions kNoHold{.hold = std::chrono::nanoseconds{0}};
constexpr ReaderOptions kLongHold{.hold = std::chrono::hours{1}};

class PendingTest : public ::testing::Test {
 protected:
  ReadStatus status(std::uint64_t seq) const { return arena_.read(seq).status; }

  TempName name_;
  Arena<std::uint64_t> arena_ = Arena<std::uint64_t>::create(name_, {.slots = 8, .seats = 6});
  SegmentFile file_{name_};
};

TEST_F(PendingTest, SeqsThatAreNotHandedOutAreNotYet) {
  EXPECT_EQ(status(0), ReadStatus::not_yet);
  EXPECT_EQ(status(core::kSeqLimit), ReadStatus::not_yet);
  EXPECT_EQ(status(~std::uint64_t{0}), ReadStatus::not_yet);
}

TEST_F(PendingTest, AStoppedWritersSeqIsPendingUntilItIsPublished) {
  StoppedWriter stopped(arena_, file_);
  const std::uint64_t seq = stopped.stop_in_slot();
  auto reader = arena_.reader(From::oldest, kLongHold);
  EXPECT_EQ(status(seq), ReadStatus::pending);
  EXPECT_EQ(reader.next(), std::nullopt);
  stopped.publish(5);
  EXPECT_EQ(*arena_.read(seq), 5U);
  EXPECT_EQ(reader.next()->value, 5U);
}

TEST_F(PendingTest, ADeadWritersSeqIsAHole) {
  StoppedWriter stopped(arena_, file_);
  const std::uint64_t seq = stopped.stop_in_slot();
  auto reader = arena_.reader(From::oldest, kLongHold);
  stopped.die();
  EXPECT_EQ(status(seq), ReadStatus::hole);
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_EQ(reader.hole_count(), 1U);
}

TEST_F(PendingTest, AClaimingWriterMayHoldAnySeqFromItsNextOn) {
  StoppedWriter stopped(arena_, file_);
  const std::uint64_t before = file_.head().fetch_add(1);  // 0: lost by nobody
  auto writer = arena_.writer();
  writer.alloc(1);
  file_.seat(stopped.seat()).claim = core::idle(2);
  const std::uint64_t seq = stopped.stop_in_claiming(true);
  EXPECT_EQ(status(before), ReadStatus::hole) << "older than what it may hold";
  EXPECT_EQ(status(seq), ReadStatus::pending);
  file_.head() += 1;
  EXPECT_EQ(status(seq + 1), ReadStatus::pending) << "for all that anybody can tell";
  stopped.die();
  EXPECT_EQ(status(seq), ReadStatus::hole);
  EXPECT_EQ(status(seq + 1), ReadStatus::hole);
}

TEST_F(PendingTest, AllThatIsLeftOfABatchIsPending) {
  StoppedWriter stopped(arena_, file_);
  const std::uint64_t first = stopped.stop_in_slot(4);
  EXPECT_EQ(first, 0U);
  file_.head() += 1;
  for (std::uint64_t seq = 0; seq < 4; ++seq) EXPECT_EQ(status(seq), ReadStatus::pending) << seq;
  EXPECT_EQ(status(4), ReadStatus::hole) << "beyond the range";
  stopped.publish(1);
  EXPECT_EQ(status(0), ReadStatus::ok);
  for (std::uint64_t seq = 1; seq < 4; ++seq) EXPECT_EQ(status(seq), ReadStatus::hole) << seq;
}

TEST_F(PendingTest, AReaderPassesOverWhatIsHeldTooLongAndCountsItAsSuch) {
  StoppedWriter stopped(arena_, file_);
  stopped.stop_in_slot();
  arena_.alloc(11);
  auto reader = arena_.reader(From::oldest, kNoHold);
  std::optional<Gap> gap;
  reader.on_gap([&](const Gap& found) { gap = found; });
  EXPECT_EQ(reader.next()->value, 11U);
  EXPECT_EQ(reader.passed_over_count(), 1U);
  EXPECT_EQ(reader.hole_count(), 0U);
  ASSERT_TRUE(gap.has_value());
  EXPECT_EQ(gap->cause, Loss::passed_over);
  EXPECT_EQ(gap->count(), 1U);
}

TEST_F(PendingTest, AReaderHoldsLaterValuesBackUntilTheLateOneComes) {
  StoppedWriter stopped(arena_, file_);
  stopped.stop_in_slot();
  arena_.alloc(11);
  auto reader = arena_.reader(From::oldest, kLongHold);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_FALSE(reader.wait_for(std::chrono::milliseconds(1)));
  stopped.publish(10);
  EXPECT_EQ(reader.next()->value, 10U);
  EXPECT_EQ(reader.next()->value, 11U);
  EXPECT_EQ(reader.passed_over_count(), 0U);
}

// It is one claim that both seqs wait for: having waited for it once is enough.
TEST_F(PendingTest, AReaderDoesNotWaitForTheSameClaimTwice) {
  StoppedWriter stopped(arena_, file_);
  stopped.stop_in_claiming(true);
  auto reader = arena_.reader(From::oldest, {.hold = std::chrono::milliseconds(300)});
  while (reader.passed_over_count() == 0) reader.next();
  file_.head() += 3;
  arena_.alloc(9);
  EXPECT_EQ(reader.next()->value, 9U) << "in one call";
  EXPECT_EQ(reader.passed_over_count(), 4U);
  stopped.die();
  file_.head() += 1;
  reader.next();
  EXPECT_EQ(reader.hole_count(), 1U) << "and what died is still a hole";
}

TEST_F(PendingTest, AnEndlessHoldNeverPassesOver) {
  StoppedWriter stopped(arena_, file_);
  stopped.stop_in_slot();
  arena_.alloc(11);
  auto reader = arena_.reader(From::oldest, {.hold = std::chrono::nanoseconds::max()});
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_FALSE(reader.wait_for(std::chrono::milliseconds(5)));
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_EQ(reader.passed_over_count(), 0U);
}

// What one stopped writer leaves behind it: the others' skips are settled, its own seq stays pending.
TEST_F(PendingTest, SkipsBehindAStoppedWriterAreHolesAndItsOwnSeqStaysPending) {
  StoppedWriter stopped(arena_, file_);
  auto writer = arena_.writer();
  for (std::uint64_t i = 0; i < 3; ++i) writer.alloc(i);
  const std::uint64_t seq = stopped.stop_in_slot();
  auto reader = arena_.reader(From::oldest, kNoHold);
  for (std::uint64_t i = 0; i < 30; ++i) {
    writer.alloc(100 + i);
    while (reader.next()) {
    }
  }
  EXPECT_EQ(status(seq), ReadStatus::pending) << "laps later, too";
  EXPECT_EQ(reader.passed_over_count(), 1U);
  EXPECT_EQ(reader.hole_count(), file_.seat(writer.seat()).skipped);
  EXPECT_EQ(reader.hole_count(), 4U) << "one a lap";
  EXPECT_EQ(reader.read_count(), 33U);
  stopped.publish(7);
  EXPECT_EQ(*arena_.read(seq), 7U);
  for (int i = 0; i < 9; ++i) writer.alloc(1);
  EXPECT_EQ(reader.hole_count(), 4U) << "its slot is in use again";
}

class ExclusivePendingTest : public ::testing::Test {
 protected:
  ReadStatus status(std::uint64_t seq) const { return arena_.read(seq).status; }

  TempName name_;
  Arena<std::uint64_t> arena_ = Arena<std::uint64_t>::create(name_, {.slots = 8, .writers = Writers::exclusive});
  SegmentFile file_{name_};
};

TEST_F(ExclusivePendingTest, WhatTheLivingHolderHasClaimedIsPending) {
  std::optional<Writer<std::uint64_t>> writer(arena_.writer());
  writer->alloc(0);
  file_.head() = 2;
  EXPECT_EQ(status(1), ReadStatus::pending);
  writer.reset();
  EXPECT_EQ(status(1), ReadStatus::hole) << "its holder is gone";
  writer.emplace(arena_.writer());
  EXPECT_EQ(status(1), ReadStatus::hole) << "the next one began behind it";
  EXPECT_EQ(writer->alloc(2).seq, 2U);
  EXPECT_EQ(status(1), ReadStatus::hole);
  EXPECT_EQ(*arena_.read(2), 2U);
}

TEST_F(ExclusivePendingTest, SoIsAWholeBatch) {
  std::optional<Writer<std::uint64_t>> writer(arena_.writer());
  writer->alloc(0);
  file_.head() = 3;
  EXPECT_EQ(status(1), ReadStatus::pending);
  EXPECT_EQ(status(2), ReadStatus::pending);
  EXPECT_EQ(status(3), ReadStatus::not_yet);
  writer.reset();
  EXPECT_EQ(status(1), ReadStatus::hole);
  EXPECT_EQ(status(2), ReadStatus::hole);
}

}  // namespace
}  // namespace arena_shm
