// Settling a run of sequence numbers with one scan of the seats: where it ends, what it is, and what it costs.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

#include "arena_shm/arena.hpp"
#include "support/lease_tests.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using core::Claim;
using core::Effort;
using core::Verdict;
using test::SegmentFile;
using test::StoppedWriter;
using test::TempName;

constexpr std::uint64_t kPlenty = std::numeric_limits<std::uint64_t>::max();

class SettleTest : public ::testing::Test {
 protected:
  void make(const Options& options) {
    arena_.emplace(Arena<std::uint64_t>::create(name_, options));
    file_.emplace(name_);
    segment_ = core::Segment::open(name_, core::Access::read_only);
  }
  core::Settlement settle(std::uint64_t first, std::uint64_t end, const core::StuckClaims& stuck = {},
                          core::StuckClaims* mark = nullptr) {
    Effort effort(kPlenty);
    const core::Claims claims(segment_->ring(), segment_->witness(), effort);
    const auto result = core::settle(segment_->ring(), claims, {first, end}, stuck, mark);
    spent_ = kPlenty - effort.left();
    return result;
  }
  void expect(Verdict verdict, std::uint64_t end, const core::Settlement& found) {
    EXPECT_EQ(found.verdict, verdict);
    EXPECT_EQ(found.end, end);
  }

  TempName name_;
  std::optional<Arena<std::uint64_t>> arena_;
  std::optional<SegmentFile> file_;
  std::shared_ptr<const core::Segment> segment_;
  std::uint64_t spent_ = 0;
};

TEST_F(SettleTest, WhatNobodyCoversIsOneRunUpToTheHeadThatWasSeen) {
  make({.slots = 8, .seats = 4});
  file_->head() = 1000;
  expect(Verdict::hole, 700, settle(3, 700));
  EXPECT_EQ(spent_, 4 * core::kClaimsPerSeat * Effort::kSeat) << "no lease to ask for";
}

TEST_F(SettleTest, ADeadWritersBatchIsOneRunForOneTestOfItsLease) {
  make({.slots = 1000, .seats = 4});
  StoppedWriter stopped(*arena_, *file_);
  const std::uint64_t first = stopped.stop_in_slot(900);
  stopped.die();
  expect(Verdict::hole, first + 900, settle(first, first + 900));
  EXPECT_EQ(spent_, 4 * core::kClaimsPerSeat * Effort::kSeat + Effort::kLease);
}

TEST_F(SettleTest, ARunOfHolesEndsWhereALivingClaimBegins) {
  make({.slots = 64, .seats = 4});
  StoppedWriter one(*arena_, *file_);
  StoppedWriter batch(*arena_, *file_);
  file_->head() = 10;
  const std::uint64_t second = batch.stop_in_slot(5);
  file_->head() += 5;
  const std::uint64_t third = one.stop_in_slot();
  file_->head() += 3;
  const std::uint64_t head = file_->head();
  expect(Verdict::hole, second, settle(2, head));
  expect(Verdict::pending, second + 5, settle(second, head));
  expect(Verdict::pending, second + 5, settle(second + 3, head));
  expect(Verdict::hole, third, settle(second + 5, head));
  expect(Verdict::pending, third + 1, settle(third, head));
  expect(Verdict::hole, head, settle(third + 1, head));
  batch.die();
  expect(Verdict::hole, third, settle(2, head));
}

TEST_F(SettleTest, AClaimingWriterCoversAllTheRest) {
  make({.slots = 64, .seats = 4});
  StoppedWriter stopped(*arena_, *file_);
  StoppedWriter within(*arena_, *file_);
  file_->head() = 20;
  file_->seat(stopped.seat()).claim = core::claiming(12);
  file_->seat(within.seat()).claim = core::writing(15);
  expect(Verdict::hole, 12, settle(0, 20));
  expect(Verdict::pending, 15, settle(12, 20));
  expect(Verdict::pending, 16, settle(15, 20));
  expect(Verdict::pending, 20, settle(16, 20));
}

TEST_F(SettleTest, WhatItsSlotShowsNeedsNoScan) {
  make({.slots = 4, .seats = 4});
  StoppedWriter stopped(*arena_, *file_);
  stopped.stop_in_claiming(false);
  file_->head() = 12;
  file_->stamp(2) = core::done(6);
  expect(Verdict::published, 7, settle(6, 12));
  expect(Verdict::overwritten, 3, settle(2, 12));
  EXPECT_EQ(spent_, 0U);
  expect(Verdict::pending, 12, settle(10, 12));
}

TEST_F(SettleTest, APendingRunIsStuckIfAllThatCoverItAre) {
  make({.slots = 64, .seats = 4});
  StoppedWriter claiming(*arena_, *file_);
  StoppedWriter batch(*arena_, *file_);
  claiming.stop_in_claiming(false);
  file_->head() = 10;
  batch.stop_in_slot(5);
  file_->head() += 5;
  core::StuckClaims stuck;
  core::StuckClaims seen;
  EXPECT_FALSE(settle(2, 20, stuck, &seen).all_stuck);
  EXPECT_TRUE(seen.contains(core::claim_number(claiming.seat(), 0), core::claiming(0)));
  EXPECT_FALSE(seen.contains(core::claim_number(batch.seat(), 0), core::writing(10))) << "not in the way of the first";
  stuck.add_common(seen, seen);
  const auto run = settle(2, 20, stuck);
  EXPECT_TRUE(run.all_stuck);
  expect(Verdict::pending, 10, run);
  EXPECT_FALSE(settle(10, 20, stuck).all_stuck) << "the batch is in the way, too";
  expect(Verdict::pending, 20, settle(15, 20, stuck));
}

TEST_F(SettleTest, InAnExclusiveArenaAllBeforeTheSessionIsOneRunAndAllOfItAnother) {
  make({.slots = 8, .writers = Writers::exclusive});
  file_->head() = 490;
  auto writer = std::make_optional(arena_->writer());
  expect(Verdict::hole, 490, settle(0, 490));
  file_->head() = 500;
  expect(Verdict::hole, 490, settle(0, 500));
  EXPECT_EQ(spent_, Effort::kSeat + Effort::kLease);
  expect(Verdict::pending, 500, settle(490, 500));
  expect(Verdict::pending, 500, settle(499, 500));
  expect(Verdict::hole, 490, settle(0, 490));
  EXPECT_EQ(spent_, Effort::kSeat) << "the one that it may have is not asked for";
  writer.reset();
  expect(Verdict::hole, 500, settle(0, 500));
}

TEST_F(SettleTest, LeasesAreAskedForOnlyBehindClaimsThatMatter) {
  make({.slots = 64, .seats = 64});
  file_->head() = 1000;
  for (std::uint32_t i = 0; i < 64; ++i) {
    file_->seat(i).claim = i % 2 == 0 ? core::idle(900) : core::writing(900 + i);
    file_->seat(i).session = 1;
  }
  EXPECT_EQ(test::lease_tests_of([&] { expect(Verdict::hole, 800, settle(0, 800)); }), 0U);
  EXPECT_EQ(test::lease_tests_of([&] { expect(Verdict::hole, 1000, settle(0, 1000)); }), 32U);
  EXPECT_EQ(test::lease_tests_of([&] { arena_->read(951); }), 1U);
}

TEST_F(SettleTest, WhereVeryManyLiveTheOthersAreNotAskedAbout) {
  make({.slots = 8, .seats = 200});
  std::vector<Writer<std::uint64_t>> writers;
  for (int i = 0; i < 200; ++i) writers.push_back(arena_->writer());
  file_->head() = 10;
  for (std::uint32_t i = 0; i < 200; ++i) file_->seat(i).claim = core::claiming(0);
  EXPECT_EQ(test::lease_tests_of([&] { expect(Verdict::pending, 10, settle(0, 10)); }), 64U);
  for (std::uint32_t i = 0; i < 200; ++i) file_->seat(i).claim = core::idle(0);
}

TEST_F(SettleTest, ManyThatLiveFurtherOnDoNotHideThatOneIsDead) {
  make({.slots = 256, .seats = 101});
  std::vector<Writer<std::uint64_t>> writers;
  for (int i = 0; i < 100; ++i) writers.push_back(arena_->writer());
  StoppedWriter dead(*arena_, *file_);
  file_->head() = 101;
  for (std::uint32_t i = 0; i < 100; ++i) file_->seat(i).claim = core::writing(100 - i);
  file_->seat(dead.seat()).claim = core::writing(0);
  dead.die();
  expect(Verdict::hole, 1, settle(0, 101));
  for (std::uint32_t i = 0; i < 100; ++i) file_->seat(i).claim = core::idle(101);
}

TEST_F(SettleTest, UnshownRunsEndAtWhatAnySlotShows) {
  make({.slots = 8, .seats = 4});
  const core::Ring& ring = segment_->ring();
  const auto end = [&](std::uint64_t first, std::uint64_t last, std::uint64_t allowance = kPlenty) {
    Effort effort(allowance);
    return core::unshown_end(ring, {first, last}, effort);
  };
  EXPECT_EQ(end(3, 11), 11U);
  EXPECT_EQ(end(3, 3), 3U);
  file_->stamp(1) = core::done(9);
  EXPECT_EQ(end(3, 11), 9U) << "published";
  EXPECT_EQ(end(0, 8), 1U) << "overwritten";
  EXPECT_EQ(end(10, 18), 18U) << "older";
  file_->stamp(1) = core::busy(9);
  EXPECT_EQ(end(3, 11), 11U) << "begun and not done";
  EXPECT_EQ(end(3, 11, 2), 5U) << "two looks' worth";
}

// The arithmetic of runs, beside the test of a single seq that it stands for.
TEST(ClaimTest, RunsAgreeWithWhatASingleSeqIsTold) {
  for (const std::uint64_t slots : {1U, 2U, 3U, 7U}) {
    for (std::uint64_t lo = 0; lo < 12; ++lo) {
      for (std::uint64_t hi = 0; hi < 30; ++hi) {
        for (const std::uint64_t word : {core::idle(lo), core::claiming(lo), core::writing(lo)}) {
          Claim claim{.number = 0, .word = word, .first = lo, .end = std::max(lo + 1, hi)};
          if (core::claim_kind(word) == core::ClaimKind::idle) claim.end = lo;
          if (core::claim_kind(word) == core::ClaimKind::claiming) claim.end = Claim::kNoEnd;
          for (std::uint64_t seq = 0; seq < 40; ++seq) {
            ASSERT_EQ(claim.covers(seq), core::covers(word, hi, seq));
            const std::uint64_t next = claim.next_blocked(seq, slots);
            ASSERT_GE(next, seq);
            const bool blocked = core::blocks(word, hi, seq, slots);
            ASSERT_EQ(next == seq, blocked) << slots << " slots, " << lo << ".." << hi << ", seq " << seq;
            for (std::uint64_t s = seq; s < next && s < 60; ++s) ASSERT_FALSE(core::blocks(word, hi, s, slots));
            ASSERT_TRUE(next >= 60 || core::blocks(word, hi, next, slots));
            if (!blocked) continue;
            const std::uint64_t end = claim.blocked_end(seq, slots);
            ASSERT_GT(end, seq);
            for (std::uint64_t s = seq; s < end && s < 60; ++s) ASSERT_TRUE(core::blocks(word, hi, s, slots));
            ASSERT_FALSE(end < 60 && core::blocks(word, hi, end, slots));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace arena_shm
