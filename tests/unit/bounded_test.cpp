// Each call does a bounded amount of work, however many seqs are lost and however many seats there are. Counted in
// tests of leases, and in what is accounted for by one call, and never in time.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/lease_tests.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::lease_tests_of;
using test::SegmentFile;
using test::StoppedWriter;
using test::TempName;

constexpr std::uint64_t kFar = std::uint64_t{1} << 40;
constexpr ReaderOptions kNoHold{.hold = std::chrono::nanoseconds{0}};
constexpr ReaderOptions kLongHold{.hold = std::chrono::hours{1}};

class BoundedTest : public ::testing::Test {
 protected:
  void make(const Options& options) {
    arena_.emplace(Arena<std::uint64_t>::create(name_, options));
    file_.emplace(name_);
  }
  /// In sessions that nobody has said to be over.
  void claim_all(std::uint64_t word) {
    for (std::uint32_t i = 0; i < file_->header().seat_count; ++i) {
      core::Seat& seat = file_->seat(i);
      seat.claim = word;
      seat.session = seat.ended + 1;
    }
  }
  static void expect_accounted(const Reader<std::uint64_t>& reader, std::uint64_t first = 0) {
    EXPECT_EQ(reader.cursor() - first,
              reader.read_count() + reader.overwritten_count() + reader.hole_count() + reader.passed_over_count());
  }

  TempName name_;
  std::optional<Arena<std::uint64_t>> arena_;
  std::optional<SegmentFile> file_;
};

// As somebody who wrote over the segment leaves it.
TEST_F(BoundedTest, AHeadFarAheadBehindClaimsOfNobodyIsOneRunOfHolesAndOneScan) {
  for (const std::uint32_t seats : {64U, core::kMaxSeats}) {
    make({.slots = 1024, .seats = seats});
    claim_all(core::claiming(0));
    file_->head() = kFar;
    auto reader = arena_->reader(From::at(0));
    std::vector<Gap> gaps;
    reader.on_gap([&](const Gap& gap) { gaps.push_back(gap); });
    EXPECT_EQ(lease_tests_of([&] { EXPECT_EQ(reader.next(), std::nullopt); }), seats);
    EXPECT_EQ(reader.cursor(), kFar) << "in one call";
    EXPECT_EQ(reader.hole_count(), kFar);
    ASSERT_EQ(gaps.size(), 1U);
    EXPECT_EQ(gaps[0].count(), kFar);
    EXPECT_EQ(lease_tests_of([&] { EXPECT_FALSE(reader.wait_for(std::chrono::milliseconds(1))); }), 0U);
    arena_.reset();
    Arena<std::uint64_t>::remove(name_);
  }
}

TEST_F(BoundedTest, AHeadFarAheadBehindALivingClaimIsOneRunThatIsPassedOver) {
  make({.slots = 1024, .seats = 64});
  StoppedWriter stopped(*arena_, *file_);
  stopped.stop_in_claiming(false);
  file_->head() = kFar;
  auto hasty = arena_->reader(From::at(0), kNoHold);
  EXPECT_LE(lease_tests_of([&] { EXPECT_EQ(hasty.next(), std::nullopt); }), 4U);
  EXPECT_EQ(hasty.cursor(), kFar);
  EXPECT_EQ(hasty.passed_over_count(), kFar);
  auto patient = arena_->reader(From::at(0), kLongHold);
  EXPECT_LE(lease_tests_of([&] { EXPECT_EQ(patient.next(), std::nullopt); }), 4U);
  EXPECT_EQ(patient.cursor(), 0U);
  stopped.die();
  EXPECT_LE(lease_tests_of([&] { EXPECT_EQ(patient.next(), std::nullopt); }), 1U);
  EXPECT_EQ(patient.hole_count(), kFar);
}

TEST_F(BoundedTest, WhatStandsBehindARunOfHolesIsStillRead) {
  make({.slots = 1024});
  file_->head() = 900;
  arena_->alloc(7);  // 900
  file_->head() = 1500;
  arena_->alloc(8);  // 1500
  file_->head() = 2400;
  auto reader = arena_->reader(From::at(0));
  EXPECT_EQ(reader.next()->seq, 900U);
  EXPECT_EQ(reader.hole_count(), 899U);
  EXPECT_EQ(reader.overwritten_count(), 1U) << "476, by 1500";
  EXPECT_EQ(reader.next()->seq, 1500U);
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_EQ(reader.cursor(), 2400U);
  expect_accounted(reader);
}

// A verdict on a run is no verdict on what its slots show in the end.
TEST_F(BoundedTest, WhatIsPublishedBehindTheSettledPartIsReadAndSoIsWhatComesNext) {
  make({.slots = 64});
  file_->head() = 40;
  arena_->alloc(1);  // 40
  auto reader = arena_->reader(From::at(0));
  for (std::uint64_t lap = 0; lap < 20; ++lap) {
    const auto entry = reader.next();
    ASSERT_TRUE(entry.has_value());
    EXPECT_EQ(entry->seq, 40 + lap * 31);
    file_->head() += 30;
    arena_->alloc(1);
  }
  EXPECT_EQ(reader.hole_count(), 40 + 19 * 30U);
  expect_accounted(reader);
}

// More than one call's worth: it comes back without a value, and goes on where it was.
TEST_F(BoundedTest, ARunThatIsTooLongForOneCallTakesSeveralAndOneScan) {
  constexpr std::uint64_t kSlots = std::uint64_t{5} << 20;
  make({.slots = kSlots, .seats = 8});
  claim_all(core::claiming(0));
  file_->head() = kFar;
  arena_->writer().alloc(5);  // in seat 0
  claim_all(core::claiming(0));
  const auto view = ArenaView<std::uint64_t>::open(name_);  // which knows nothing yet of who is dead
  auto reader = view.reader(From::at(kFar + 1 - kSlots));
  int empty = 0;
  std::uint64_t cursor = reader.cursor();
  const std::uint64_t tests = lease_tests_of([&] {
    while (!reader.next()) {
      ASSERT_GT(reader.cursor(), cursor) << "each call gets on";
      ASSERT_LE(reader.cursor() - cursor, std::uint64_t{1} << 21);
      cursor = reader.cursor();
      ++empty;
    }
  });
  EXPECT_GE(empty, 2);
  EXPECT_LE(empty, 5);
  EXPECT_EQ(tests, 8U);
  EXPECT_EQ(reader.hole_count(), kSlots - 1);
  EXPECT_EQ(reader.read_count(), 1U);

  auto waiting = arena_->reader(From::at(kFar + 1 - kSlots));
  EXPECT_TRUE(waiting.wait_for(std::chrono::minutes(1))) << "it need not be called again";
  EXPECT_EQ(waiting.cursor(), kFar);
  auto many = arena_->reader(From::at(kFar + 1 - kSlots));
  std::vector<Entry<std::uint64_t>> entries(3);
  EXPECT_EQ(many.next(entries), 0U);
  EXPECT_LE(many.cursor() - (kFar + 1 - kSlots), std::uint64_t{1} << 21);
}

TEST_F(BoundedTest, OneWhoIsManyLapsBehindLooksAtEachSlotOnceInSeveralCalls) {
  constexpr std::uint64_t kSlots = std::uint64_t{3} << 20;
  make({.slots = kSlots, .seats = 8});
  file_->wind_to(100 * kSlots);
  auto reader = arena_->reader(From::at(0));
  EXPECT_EQ(reader.next(), std::nullopt) << "half of the look at all slots";
  std::optional<Entry<std::uint64_t>> entry;
  int calls = 1;
  while (!entry && calls < 10) {
    entry = reader.next();
    ++calls;
  }
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->seq, 99 * kSlots);
  EXPECT_EQ(reader.overwritten_count(), 99 * kSlots);
}

TEST_F(BoundedTest, ReadingOneSeqIsOneScan) {
  make({.slots = 64, .seats = 64});
  claim_all(core::claiming(0));
  file_->head() = kFar;
  EXPECT_EQ(lease_tests_of([&] { EXPECT_EQ(arena_->read(5).status, ReadStatus::hole); }), 64U);
}

TEST_F(BoundedTest, AWriterFollowsADeadBatchWithAScanALapAndNotAValue) {
  make({.slots = 1024, .seats = 8});
  StoppedWriter stopped(*arena_, *file_);
  auto writer = arena_->writer();
  stopped.stop_in_slot(1024);
  stopped.die();
  EXPECT_LE(lease_tests_of([&] {
              for (std::uint64_t seq = 1024; seq < 2048; ++seq) ASSERT_EQ(writer.alloc(seq).seq, seq);
            }),
            4U);
  EXPECT_EQ(file_->seat(writer.seat()).skipped, 0U);

  StoppedWriter again(*arena_, *file_);
  again.stop_in_slot(1024);
  again.die();
  const std::vector<std::uint64_t> batch(1024, 9);
  EXPECT_LE(lease_tests_of([&] { EXPECT_EQ(writer.alloc(batch).count, 1024U); }), 4U);
  EXPECT_EQ(file_->seat(writer.seat()).skipped, 0U);
}

TEST_F(BoundedTest, AWriterGoesRoundAStoppedBatchWithAScanACall) {
  make({.slots = 1024, .seats = 8});
  StoppedWriter stopped(*arena_, *file_);
  auto writer = arena_->writer();
  stopped.stop_in_slot(1000);
  for (std::uint64_t i = 0; i < 24; ++i) writer.alloc(i);
  const std::vector<std::uint64_t> batch(24, 9);
  EXPECT_LE(lease_tests_of([&] { EXPECT_EQ(writer.alloc(batch).count, 24U); }), 4U * 30);
  stopped.publish(1);
  for (std::uint64_t i = 0; i < 2048; ++i) ASSERT_TRUE(writer.try_alloc(i).has_value());
}

TEST_F(BoundedTest, AWriterThatFindsEverySlotHeldLooksAtEachSeatsLeaseOnce) {
  make({.slots = 1024, .seats = 64});
  StoppedWriter stopped(*arena_, *file_);
  auto writer = arena_->writer();
  stopped.stop_in_slot(1024);
  writer.try_alloc(1);
  EXPECT_EQ(lease_tests_of([&] { EXPECT_EQ(writer.try_alloc(1), std::nullopt); }), 1U);
  claim_all(core::writing(0));  // of nobody, but for one
  file_->seat(writer.seat()).claim = core::idle(2000);
  EXPECT_LE(lease_tests_of([&] { EXPECT_EQ(writer.try_alloc(1), std::nullopt); }), 64U);
  stopped.publish(1);
  EXPECT_TRUE(writer.try_alloc(1).has_value());
}

TEST_F(BoundedTest, AWriterThatFoundEverySlotHeldTakesTheNextAfterADeath) {
  make({.slots = 1024, .seats = 8});
  StoppedWriter stopped(*arena_, *file_);
  auto writer = arena_->writer();
  stopped.stop_in_slot(1024);
  EXPECT_EQ(writer.try_alloc(1), std::nullopt);
  const std::uint64_t head = arena_->head();
  stopped.die();
  const auto entry = writer.try_alloc(1);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->seq, head);
}

TEST_F(BoundedTest, AFreeSlotFarBehindThoseOfAStoppedBatchIsFoundInOneLook) {
  make({.slots = 65536, .seats = 64});
  StoppedWriter stopped(*arena_, *file_);
  auto writer = arena_->writer();
  stopped.stop_in_slot(65000);
  for (std::uint64_t i = 65000; i < 65536; ++i) writer.alloc(i);
  const auto entry = writer.try_alloc(1);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->seq, 65536U + 65000U);
}

// Every claim covers everything, and nobody holds one: no waiting for each of them.
TEST_F(BoundedTest, AWriterAmongClaimsOfNobodyAsksOnceForEach) {
  make({.slots = 16, .seats = core::kMaxSeats});
  auto writer = arena_->writer();
  claim_all(core::claiming(0));
  file_->seat(writer.seat()).claim = core::idle(0);
  file_->head() = 100;
  EXPECT_EQ(lease_tests_of([&] {
              for (std::uint64_t i = 0; i < 16; ++i) writer.alloc(i);
            }),
            core::kMaxSeats - 1);
}

}  // namespace
}  // namespace arena_shm
