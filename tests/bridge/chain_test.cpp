// Which messages of a stream count.
#include "bridge/chain.hpp"

#include <gtest/gtest.h>

namespace arena_shm::bridge {
namespace {

constexpr std::uint64_t kRun = 1;
constexpr std::uint64_t kOther = 2;

TEST(ChainTest, TheFirstOfARunCountsWhereverItIs) {
  Chain chain;
  EXPECT_EQ(chain.take({kRun, 0}, false), Standing::valid);
  EXPECT_EQ(chain.take({kRun, 1}, false), Standing::valid);
  EXPECT_EQ(chain.take({kOther, 0}, false), Standing::valid);
}

TEST(ChainTest, WhatIsBehindAMissingOneIsVoidUntilTheNextRun) {
  Chain chain;
  chain.take({kRun, 0}, false);
  EXPECT_EQ(chain.take({kRun, 2}, false), Standing::void_);
  EXPECT_EQ(chain.take({kRun, 3}, false), Standing::void_) << "it follows one that is void";
  EXPECT_EQ(chain.take({kOther, 1}, false), Standing::void_);
  EXPECT_EQ(chain.take({kOther, 0}, false), Standing::valid);
}

TEST(ChainTest, WhatIsBehindADroppedOneCounts) {
  Chain chain;
  EXPECT_EQ(chain.take({kRun, 70}, true), Standing::valid);
  EXPECT_EQ(chain.take({kRun, 71}, false), Standing::valid);
  EXPECT_EQ(chain.take({kRun, 90}, true), Standing::valid);
  EXPECT_EQ(chain.take({kOther, 5}, true), Standing::valid);
}

TEST(ChainTest, ABrokenRunIsNotMendedByWhatWasDropped) {
  Chain chain;
  chain.take({kRun, 0}, false);
  EXPECT_EQ(chain.take({kRun, 2}, false), Standing::void_);
  EXPECT_EQ(chain.take({kRun, 4}, true), Standing::void_);
  EXPECT_EQ(chain.take({kOther, 4}, true), Standing::valid);
}

TEST(ChainTest, OneThatBeganBeforeCountsWhenItIsLongerThanWhatCanBeVoid) {
  Chain chain;
  for (std::uint64_t number = 0; number < kMostUnderWay; ++number)
    EXPECT_EQ(chain.take({kRun, 10 + number}, false), Standing::unknown) << number;
  EXPECT_EQ(chain.take({kRun, 10 + kMostUnderWay}, false), Standing::valid);
  EXPECT_EQ(chain.take({kRun, 12 + kMostUnderWay}, false), Standing::void_);
}

TEST(ChainTest, OneThatBeganBeforeAndBreaksIsVoid) {
  Chain chain;
  EXPECT_EQ(chain.take({kRun, 10}, false), Standing::unknown);
  EXPECT_EQ(chain.take({kRun, 12}, false), Standing::void_);
}

}  // namespace
}  // namespace arena_shm::bridge
