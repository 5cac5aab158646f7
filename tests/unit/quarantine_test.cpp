// Slots that a stopped writer holds: others go round them, or wait when there is no other.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::code_of;
using test::SegmentFile;
using test::StoppedWriter;
using test::TempName;

class QuarantineTest : public ::testing::Test {
 protected:
  void make(std::uint64_t slots, std::uint32_t seats = 6) {
    arena_.emplace(Arena<std::uint64_t>::create(name_, {.slots = slots, .seats = seats}));
    file_.emplace(name_);
  }

  TempName name_;
  std::optional<Arena<std::uint64_t>> arena_;
  std::optional<SegmentFile> file_;
};

TEST_F(QuarantineTest, TheSlotOfAStoppedWriterIsLeftAloneLapAfterLap) {
  make(4);
  StoppedWriter stopped(*arena_, *file_);
  const std::uint64_t seq = stopped.stop_in_slot();
  auto writer = arena_->writer();
  for (int i = 0; i < 40; ++i) EXPECT_NE(writer.alloc(1).seq % 4, seq % 4);
  EXPECT_EQ(file_->stamp(0), core::busy(seq));
  stopped.publish(9);
  for (int i = 0; i < 5; ++i) writer.alloc(2);
  EXPECT_GT(file_->stamp(0), core::busy(seq)) << "in use again";
}

TEST_F(QuarantineTest, TheSlotOfADeadWriterIsTakenByTheNextWhoComes) {
  make(4);
  StoppedWriter stopped(*arena_, *file_);
  stopped.stop_in_slot();
  stopped.die();
  auto writer = arena_->writer();
  for (std::uint64_t seq = 1; seq < 20; ++seq) EXPECT_EQ(writer.alloc(1).seq, seq) << "no seq is skipped";
  EXPECT_EQ(file_->seat(writer.seat()).skipped, 0U);
}

// One scan is for many slots: what it has found of one is not true of all.
TEST_F(QuarantineTest, TheSlotOfAStoppedWriterBehindThatOfADeadOneIsLeftAlone) {
  make(8);
  StoppedWriter dead(*arena_, *file_);
  StoppedWriter batch(*arena_, *file_);
  StoppedWriter single(*arena_, *file_);
  auto writer = arena_->writer();
  dead.stop_in_slot(2);  // 0, 1
  writer.alloc(2);
  const std::uint64_t first = batch.stop_in_slot(2);
  writer.alloc(5);
  const std::uint64_t last = single.stop_in_slot();
  writer.alloc(7);
  dead.die();
  for (std::uint64_t i = 0; i < 40; ++i) {
    const std::uint64_t slot = writer.alloc(i).seq % 8;
    ASSERT_TRUE(slot != first && slot != first + 1 && slot != last) << slot;
  }
  EXPECT_EQ(file_->stamp(first), core::busy(first));
  EXPECT_EQ(file_->stamp(last), core::busy(last));
}

TEST_F(QuarantineTest, WithEverySlotHeldTryAllocIsEmptyAndMakesNoHoles) {
  make(2);
  StoppedWriter first(*arena_, *file_);
  StoppedWriter second(*arena_, *file_);
  first.stop_in_slot();
  second.stop_in_slot();
  auto writer = arena_->writer();
  EXPECT_EQ(writer.try_alloc(1), std::nullopt);
  const std::uint64_t head = arena_->head();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(writer.try_alloc(1), std::nullopt);
  EXPECT_EQ(arena_->head(), head) << "looking claims nothing";
  EXPECT_LE(head, 2U + 6U + 1U) << "seats + 1 skips at most";
  first.publish(5);
  const auto entry = writer.try_alloc(1);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(*arena_->read(entry->seq), 1U);
}

TEST_F(QuarantineTest, WithEverySlotHeldAllocWaitsUntilOneIsFree) {
  make(1);
  StoppedWriter stopped(*arena_, *file_);
  stopped.stop_in_slot();
  std::atomic<bool> published{false};
  std::uint64_t seq = 0;
  bool too_early = false;
  std::thread waiting([&] {
    seq = arena_->writer().alloc(7).seq;
    too_early = !published;
  });
  auto writer = arena_->writer();
  while (file_->seat(writer.seat() == 1 ? 2 : 1).skipped < 7) std::this_thread::yield();  // the thread's seat
  published = true;
  stopped.publish(1);
  waiting.join();
  EXPECT_FALSE(too_early);
  EXPECT_EQ(*arena_->read(seq), 7U);
}

TEST_F(QuarantineTest, ADeathFreesThoseWhoWait) {
  make(1);
  StoppedWriter stopped(*arena_, *file_);
  stopped.stop_in_slot();
  auto writer = arena_->writer();
  EXPECT_EQ(writer.try_alloc(1), std::nullopt);
  stopped.die();
  EXPECT_TRUE(writer.try_alloc(1).has_value());
  writer.alloc(2);
}

TEST_F(QuarantineTest, OneInClaimingStopsNobodyWhoseChainIsWhole) {
  make(3);
  StoppedWriter stopped(*arena_, *file_);
  auto writer = arena_->writer();
  stopped.stop_in_claiming(false);
  for (std::uint64_t seq = 0; seq < 30; ++seq) EXPECT_EQ(writer.alloc(1).seq, seq);
}

TEST_F(QuarantineTest, OneInClaimingKeepsBrokenSlotsFromBeingRetaken) {
  make(3);
  StoppedWriter stopped(*arena_, *file_);
  auto writer = arena_->writer();
  const std::uint64_t seq = stopped.stop_in_claiming(true);
  for (int i = 0; i < 20; ++i) EXPECT_NE(writer.alloc(1).seq % 3, seq % 3);
  stopped.die();
  bool retaken = false;
  for (int i = 0; i < 3; ++i) retaken = retaken || writer.alloc(1).seq % 3 == seq % 3;
  EXPECT_TRUE(retaken);
}

TEST_F(QuarantineTest, ABatchGoesRoundTheSlotInItsMiddle) {
  make(5);
  auto writer = arena_->writer();
  writer.alloc(0);
  writer.alloc(1);
  StoppedWriter stopped(*arena_, *file_);
  const std::uint64_t held = stopped.stop_in_slot();
  const std::vector<std::uint64_t> values{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};
  auto reader = arena_->reader(From::at(3), {.hold = std::chrono::nanoseconds{0}});
  const SeqRange range = writer.alloc(values);
  EXPECT_EQ(range.count, values.size());
  std::uint64_t value = 0;
  for (std::uint64_t seq = range.first; seq <= range.last; ++seq) {
    if (seq % 5 == held % 5) {
      EXPECT_NE(arena_->read(seq).status, ReadStatus::ok);
    } else if (const auto found = arena_->read(seq)) {
      EXPECT_GT(*found, value);
      value = *found;
    }
  }
  EXPECT_EQ(value, 21U);
  EXPECT_EQ(*arena_->read(range.last), 21U);
  EXPECT_EQ(arena_->read(held).status, ReadStatus::pending);
  while (reader.next()) {
  }
  EXPECT_EQ(reader.cursor() - 3, reader.read_count() + reader.overwritten_count() + reader.hole_count());
}

TEST_F(QuarantineTest, AStampFromTheFutureIsCorruptAndNotALoop) {
  make(3);
  auto writer = arena_->writer();
  writer.alloc(1);
  file_->stamp(1) = core::done(1000);
  EXPECT_EQ(code_of([&] { writer.alloc(2); }), Code::corrupt);
  EXPECT_EQ(writer.alloc(3).seq, 2U) << "the writer goes on";
  file_->stamp(1) = ~std::uint64_t{0};
  writer.alloc(4);
  EXPECT_EQ(code_of([&] { writer.alloc(5); }), Code::corrupt);
  const std::vector<std::uint64_t> batch{6, 7, 8};
  EXPECT_EQ(code_of([&] { writer.alloc(batch); }), Code::corrupt);
  EXPECT_EQ(core::claim_kind(file_->seat(writer.seat()).claim), core::ClaimKind::idle);
}

}  // namespace
}  // namespace arena_shm
