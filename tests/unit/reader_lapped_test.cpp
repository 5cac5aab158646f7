// A follower that is too slow: what it misses is counted, by reason, and it comes back.
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"
#include "unit/reader_fixture.hpp"

namespace arena_shm {
namespace {

using test::SegmentFile;
using test::TempName;

TEST_F(ReaderTest, LappedReaderResumesAtTheOldestReadableAndNotAtTheNewest) {
  make(8);
  auto reader = arena_->reader(From::oldest);
  collect_gaps(reader);
  write(100);
  EXPECT_EQ(reader.next()->seq, 92U);
  EXPECT_EQ(gaps_, (std::vector<Gap>{{0, 91, Loss::overwritten}}));
  EXPECT_EQ(reader.overwritten_count(), 92U);
  for (std::uint64_t seq = 93; seq < 100; ++seq) EXPECT_EQ(reader.next()->seq, seq);
  EXPECT_EQ(reader.next(), std::nullopt);
  expect_accounted(reader, 0);
}

TEST_F(ReaderTest, BeingLappedAgainLosesOnlyWhatIsGone) {
  make(16);
  auto reader = arena_->reader(From::oldest);
  for (std::uint64_t lap = 1; lap < 9; ++lap) {
    write(100);
    EXPECT_EQ(reader.next()->seq, arena_->head() - 16);
    EXPECT_EQ(reader.read_count(), lap);
  }
  EXPECT_EQ(reader.passed_over_count(), 0U);
  expect_accounted(reader, 0);
}

// Half as fast as the writer, and for ever: it reads in runs of half a lap, not in front of the writer's heels.
TEST_F(ReaderTest, ATooSlowReaderReadsInLongRuns) {
  make(64);
  auto reader = arena_->reader(From::oldest);
  collect_gaps(reader);
  write(200);
  for (int i = 0; i < 200; ++i) {  // until it knows
    write(2);
    ASSERT_TRUE(reader.next());
  }
  gaps_.clear();
  const std::uint64_t begin = reader.cursor();
  for (int i = 0; i < 1000; ++i) {
    write(2);
    ASSERT_TRUE(reader.next());
  }
  const std::uint64_t runs = gaps_.size() / 2;  // overwritten, then passed over
  EXPECT_LE(runs, 1000U / 16) << "each at least a quarter of the ring long";
  EXPECT_GE(runs, 1000U / 64);
  EXPECT_EQ(reader.cursor() - begin,
            1000 + std::accumulate(gaps_.begin(), gaps_.end(), std::uint64_t{0},
                                   [](std::uint64_t sum, const Gap& gap) { return sum + gap.count(); }));
}

TEST_F(ReaderTest, OneThatHasCaughtUpIsNotTooSlowAnyMore) {
  make(64);
  auto reader = arena_->reader(From::oldest);
  write(200);
  for (int i = 0; i < 200; ++i) {
    write(2);
    ASSERT_TRUE(reader.next());
  }
  const std::uint64_t passed_over = reader.passed_over_count();
  EXPECT_GT(passed_over, 0U);
  while (reader.next()) {
  }
  for (int lap = 0; lap < 3; ++lap) {
    write(100);
    EXPECT_EQ(reader.next()->seq, arena_->head() - 64) << "the oldest";
  }
  EXPECT_EQ(reader.passed_over_count(), passed_over);
}

// It is far behind, and what is in its way are holes: it meets them one by one, laps before the oldest value.
TEST_F(ReaderTest, HolesOnTheWayToTheOldestValueDoNotMakeItJump) {
  make(64);
  SegmentFile file(name_);
  auto reader = arena_->reader(From::oldest);
  for (int lap = 0; lap < 8; ++lap) {  // the last slot of each lap is never written
    write(63);
    file.head() += 1;
  }
  std::uint64_t gaps = 0;
  reader.on_gap([&](const Gap&) {
    if (++gaps % 2 == 0) write(1);  // meanwhile
  });
  ASSERT_TRUE(reader.next());
  EXPECT_GE(gaps, 8U);
  EXPECT_EQ(reader.passed_over_count(), 0U);
}

// Each copy is overwritten while it is made: the reader has to get ahead of the writer, and to come back some time.
TEST_F(ReaderTest, AChasedReaderGetsAwayOrComesBack) {
  for (const std::uint64_t slots : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{16}, std::uint64_t{100}}) {
    for (const std::uint64_t speed : {slots / 4 + 1, slots, 3 * slots}) {
      const TempName name;
      auto arena = Arena<std::uint64_t>::create(name, {.slots = slots});
      core::ReaderCore reader(core::Segment::open(name, core::Access::read_only), From::at(0), {.doorbell = false});
      for (std::uint64_t i = 0; i < 2 * slots; ++i) arena.alloc(arena.head());
      for (int round = 0; round < 20; ++round) {
        std::uint64_t value = 0;
        const auto taken = reader.next([&](const std::uint64_t* payload) noexcept {
          value = core::load_word(payload);
          for (std::uint64_t i = 0; i < speed; ++i) arena.alloc(arena.head());
        });
        const bool is_taken = taken.seq != core::ReaderCore::kNone;
        EXPECT_TRUE(!is_taken || taken.seq == value);
        EXPECT_TRUE(is_taken || speed >= slots / 2) << "half a lap ahead it is safe";
        ASSERT_EQ(reader.cursor(), reader.read_count() + reader.overwritten_count() + reader.passed_over_count());
        ASSERT_EQ(reader.hole_count(), 0U);
      }
    }
  }
}

// A seq that is handed out and held by nobody: its writer died, or skipped it.
TEST_F(ReaderTest, HolesAndOverwrittenValuesAreReportedApartInOrderAndBeforeWhatFollows) {
  make(8);
  SegmentFile file(name_);
  auto reader = arena_->reader(From::oldest);
  collect_gaps(reader);
  write(2);
  file.head() += 3;  // 2, 3, 4
  write(1);          // 5
  file.head() += 1;  // 6
  write(1);          // 7
  EXPECT_EQ(reader.next()->seq, 0U);
  EXPECT_EQ(reader.next()->seq, 1U);
  EXPECT_TRUE(gaps_.empty());
  EXPECT_EQ(reader.next()->seq, 5U);
  EXPECT_EQ(gaps_, (std::vector<Gap>{{2, 4, Loss::hole}}));
  EXPECT_EQ(reader.next()->seq, 7U);
  EXPECT_EQ(gaps_.back(), (Gap{6, 6, Loss::hole}));
  write(20);
  file.head() += 2;
  gaps_.clear();
  EXPECT_EQ(reader.next()->seq, 20U) << "28 and 29 were never written there";
  EXPECT_EQ(gaps_, (std::vector<Gap>{{8, 19, Loss::overwritten}}));
  while (reader.next()) {
  }
  EXPECT_EQ(gaps_.back(), (Gap{28, 29, Loss::hole})) << "also when no value follows";
  EXPECT_EQ(reader.hole_count(), 6U);
  EXPECT_EQ(reader.overwritten_count(), 12U);
  EXPECT_EQ(reader.cursor(), 30U);
  expect_accounted(reader, 0);
}

// A hole that is lapped is overwritten for who comes later, but never both for one reader.
TEST_F(ReaderTest, LappedHolesCountAsOverwritten) {
  make(4);
  SegmentFile file(name_);
  auto reader = arena_->reader(From::oldest);
  write(2);
  file.head() += 1;
  write(20);
  EXPECT_EQ(arena_->read(2).status, ReadStatus::overwritten);
  while (reader.next()) {
  }
  EXPECT_EQ(reader.hole_count(), 0U);
  expect_accounted(reader, 0);
}

TEST_F(ReaderTest, AReportThatThrowsLosesAndDoublesNothing) {
  make(4);
  auto reader = arena_->reader(From::oldest);
  write(20);
  reader.on_gap([](const Gap&) { throw std::runtime_error("no"); });
  EXPECT_THROW(reader.next(), std::runtime_error);
  expect_accounted(reader, 0);
  EXPECT_EQ(reader.next()->seq, 16U) << "the value behind the gap is still to come";
  while (reader.next()) {
  }
  expect_accounted(reader, 0);
  EXPECT_EQ(reader.read_count(), 4U);
}

}  // namespace
}  // namespace arena_shm
