// Readers of lanes: whose turn it is, and that none is forgotten, whatever comes in between.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>

#include "arena_shm/arena.hpp"
#include "arena_shm/wait_set.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::SegmentFile;
using test::TempName;

constexpr std::uint32_t kLanes = 3;

class LanesTurnsTest : public ::testing::Test {
 protected:
  Arena<std::uint64_t> make(std::uint64_t slots) const {
    return Arena<std::uint64_t>::create(name_, {.slots = slots, .writers = Writers::laned, .seats = kLanes});
  }

  TempName name_;
};

TEST_F(LanesTurnsTest, OneValueAfterEachWaitIsOneOfEachLaneInTheEnd) {
  const auto arena = make(64);
  auto busy = arena.writer();
  auto others = std::array{arena.writer(), arena.writer()};
  for (auto& writer : others) writer.alloc(1);
  for (const bool in_a_set : {false, true}) {
    auto reader = arena.reader(From::oldest);
    WaitSet set;
    set.add(reader);
    std::array<int, kLanes> taken{};
    for (int i = 0; i < 1000; ++i) {
      busy.alloc(0);
      ASSERT_TRUE(in_a_set ? set.wait_for(0s) : reader.wait_for(0s));
      ++taken[reader.next().value().seq % kLanes];
    }
    EXPECT_EQ(taken[1], 1);
    EXPECT_EQ(taken[2], 1);
  }
}

TEST_F(LanesTurnsTest, AWaitWithoutATakeStaysWithTheValueThatItHasFound) {
  const auto arena = make(64);
  auto writers = std::array{arena.writer(), arena.writer(), arena.writer()};
  auto reader = arena.reader(From::oldest);
  for (auto& writer : writers) writer.alloc(1);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(reader.wait_for(0s));
  for (std::uint64_t count = 0; count < kLanes; ++count) EXPECT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.wait_for(0s));
}

// Holes that take several slices to count, in each lane.
TEST_F(LanesTurnsTest, OneLookTakesASliceOfOneLane) {
  constexpr std::uint64_t kLost = 1 << 17;
  const auto arena = make(kLost);
  SegmentFile file(name_);
  for (std::uint32_t i = 0; i < kLanes; ++i) file.seat(i).hi = kLost;
  auto reader = arena.reader(From::oldest);
  EXPECT_FALSE(reader.wait_for(0s));
  int begun = 0;
  for (std::uint32_t i = 0; i < kLanes; ++i) begun += reader.counts(i).holes > 0 ? 1 : 0;
  EXPECT_EQ(begun, 1);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(reader.wait_for(0s));
  for (std::uint32_t i = 0; i < kLanes; ++i) EXPECT_GT(reader.counts(i).holes, 0U) << "they come by turns";
  for (int i = 0; i < 1000 && reader.hole_count() < kLanes * kLost; ++i) EXPECT_FALSE(reader.wait_for(100ms));
  EXPECT_EQ(reader.hole_count(), kLanes * kLost);
}

TEST_F(LanesTurnsTest, AReportThatThrowsInASeekLeavesAllLanesWhereTheyAre) {
  const auto arena = make(8);
  SegmentFile file(name_);
  auto writers = std::array{arena.writer(), arena.writer(), arena.writer()};
  for (const bool by_position : {false, true}) {
    auto reader = arena.reader(From::at(0));
    for (std::uint64_t i = 0; i < 20; ++i) writers[1].alloc(i);
    EXPECT_TRUE(reader.wait_for(0s)) << "and it has come by lost ones of the second lane";
    ASSERT_GT(reader.overwritten_count(), 0U);
    writers[0].alloc(1);
    writers[2].alloc(1);
    const Position before = reader.position();
    reader.on_gap([](const Gap&) { throw std::runtime_error("a report"); });
    if (by_position)
      EXPECT_THROW(reader.seek(Position({300, 301, 302})), std::runtime_error);
    else
      EXPECT_THROW(reader.seek(From::newest), std::runtime_error);
    EXPECT_EQ(reader.position(), before);
    reader.on_gap({});
    while (reader.wait_for(0s)) EXPECT_TRUE(reader.next());
    EXPECT_EQ(reader.lag(), 0U);
    EXPECT_EQ(arena.count(), reader.read_count() + reader.overwritten_count());
  }
}

}  // namespace
}  // namespace arena_shm
