#include "arena_shm/core/stamp.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace arena_shm::core {
namespace {

constexpr std::uint64_t kLast = kSeqLimit - 1;

TEST(StampTest, GrowsFromNeverUsedThroughEachValuesTwoStates) {
  std::uint64_t before = kNeverUsed;
  for (const std::uint64_t seq : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xffff'ffff},
                                  std::uint64_t{0x1'0000'0000}, kLast - 1, kLast}) {
    EXPECT_GT(done(seq), before);
    EXPECT_GT(busy(seq), done(seq));
    EXPECT_LE(busy(seq), done(seq + 1));
    EXPECT_FALSE(is_busy(done(seq)));
    EXPECT_TRUE(is_busy(busy(seq)));
    EXPECT_EQ(stamp_seq(done(seq)), seq);
    EXPECT_EQ(stamp_seq(busy(seq)), seq);
    before = busy(seq);
  }
}

TEST(StampTest, ZerosAreNoValuesStamp) {
  EXPECT_NE(done(0), kNeverUsed);
  EXPECT_NE(busy(0), kNeverUsed);
}

TEST(StampTest, OnlyStampsOfLaterValuesAreNewer) {
  for (const std::uint64_t seq : {std::uint64_t{0}, std::uint64_t{6}, kLast}) {
    EXPECT_FALSE(is_newer(kNeverUsed, seq));
    EXPECT_FALSE(is_newer(done(seq), seq));
    EXPECT_FALSE(is_newer(busy(seq), seq));
    EXPECT_TRUE(is_newer(done(seq + 1), seq));
    EXPECT_TRUE(is_newer(busy(seq + 7), seq));
    EXPECT_FALSE(seq > 0 && is_newer(busy(seq - 1), seq));
  }
}

TEST(StampTest, PredecessorIsTheValueALapBefore) {
  EXPECT_EQ(predecessor(0, 1), kNeverUsed);
  EXPECT_EQ(predecessor(1, 1), done(0));
  EXPECT_EQ(predecessor(6, 7), kNeverUsed);
  EXPECT_EQ(predecessor(7, 7), done(0));
  EXPECT_EQ(predecessor(kLast, 1000), done(kLast - 1000));
  EXPECT_EQ(predecessor(5, std::uint64_t{1} << 44), kNeverUsed);
}

TEST(ClaimTest, KeepsKindAndNumberUpToTheLimit) {
  for (const std::uint64_t seq : {std::uint64_t{0}, std::uint64_t{1}, kLast, kSeqLimit}) {
    EXPECT_EQ(claim_kind(idle(seq)), ClaimKind::idle);
    EXPECT_EQ(claim_kind(claiming(seq)), ClaimKind::claiming);
    EXPECT_EQ(claim_kind(writing(seq)), ClaimKind::writing);
    EXPECT_EQ(claim_seq(idle(seq)), seq);
    EXPECT_EQ(claim_seq(claiming(seq)), seq);
    EXPECT_EQ(claim_seq(writing(seq)), seq);
  }
}

TEST(ClaimTest, NothingIsCoveredOrBlockedByZerosOrByTheInvalidKind) {
  for (std::uint64_t seq = 0; seq < 5; ++seq) {
    EXPECT_FALSE(covers(0, 0, seq));
    EXPECT_FALSE(blocks(0, 9, seq, 2));
    EXPECT_FALSE(covers(3, 9, seq));
    EXPECT_FALSE(blocks(3, 9, seq, 2));
  }
}

// What the words mean, said in loops: may a holder of `claim` still store in seq x?
bool may_store(std::uint64_t claim, std::uint64_t hi, std::uint64_t x) {
  const std::uint64_t lo = claim_seq(claim);
  if (claim_kind(claim) == ClaimKind::claiming) return x >= lo;
  if (claim_kind(claim) != ClaimKind::writing) return false;
  return x == lo || (x > lo && x < hi);
}

TEST(ClaimTest, CoversExactlyTheSeqsItsHolderMayPublish) {
  for (std::uint64_t lo = 0; lo < 12; ++lo) {
    for (std::uint64_t hi = 0; hi < 16; ++hi) {
      for (std::uint64_t seq = 0; seq < 20; ++seq) {
        for (const std::uint64_t claim : {idle(lo), claiming(lo), writing(lo)})
          ASSERT_EQ(covers(claim, hi, seq), may_store(claim, hi, seq)) << claim << " " << hi << " " << seq;
      }
    }
  }
}

TEST(ClaimTest, BlocksExactlyWhenAnOlderSeqOfTheSameSlotMayBeHeld) {
  for (std::uint64_t slots = 1; slots < 8; ++slots) {
    for (std::uint64_t lo = 0; lo < 14; ++lo) {
      for (std::uint64_t hi = 0; hi < 24; ++hi) {
        for (std::uint64_t seq = 0; seq < 30; ++seq) {
          bool held = false;
          for (std::uint64_t x = seq % slots; x < seq; x += slots) held = held || may_store(writing(lo), hi, x);
          ASSERT_EQ(blocks(writing(lo), hi, seq, slots), held) << slots << " " << lo << " " << hi << " " << seq;
          ASSERT_FALSE(blocks(idle(lo), hi, seq, slots));
        }
      }
    }
  }
}

// A claiming holder may hold any seq from lo on, so each newer writer has to take it that it is the slot's.
TEST(ClaimTest, ClaimingBlocksEveryLaterSeq) {
  for (std::uint64_t slots = 1; slots < 6; ++slots) {
    for (std::uint64_t lo = 0; lo < 9; ++lo) {
      for (std::uint64_t seq = 0; seq < 20; ++seq) EXPECT_EQ(blocks(claiming(lo), 0, seq, slots), seq > lo);
    }
  }
}

TEST(ClaimTest, ArithmeticHoldsAtTheLimit) {
  EXPECT_TRUE(covers(claiming(kLast), 0, kLast));
  EXPECT_TRUE(covers(writing(kLast), kSeqLimit, kLast));
  EXPECT_FALSE(covers(writing(kLast), kSeqLimit, kSeqLimit));
  EXPECT_TRUE(blocks(writing(kLast - 7), 0, kLast, 7));
  EXPECT_FALSE(blocks(writing(kLast - 6), 0, kLast, 7));
  EXPECT_TRUE(blocks(writing(kLast - 8), kLast - 6, kLast, 7));
  EXPECT_TRUE(blocks(writing(0), 0, kSeqLimit - 1, 1));
  EXPECT_TRUE(blocks(writing(3), 9, (std::uint64_t{1} << 60) + 3, std::uint64_t{1} << 20));
  EXPECT_FALSE(blocks(writing(3), 9, (std::uint64_t{1} << 60) + 9, std::uint64_t{1} << 20));
}

}  // namespace
}  // namespace arena_shm::core
