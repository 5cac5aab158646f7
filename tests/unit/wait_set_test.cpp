// Waiting for several readers at once.
#include "arena_shm/wait_set.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/core/doorbell.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"
#include "unit/wait_set_fixture.hpp"

namespace arena_shm {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::TempName;

TEST_F(WaitSetTest, WithoutReadersThereIsNothing) {
  EXPECT_FALSE(set_.wait_for(milliseconds(0)));
  EXPECT_FALSE(set_.wait_for(milliseconds(3)));
  EXPECT_TRUE(set_.ready().empty());
}

TEST_F(WaitSetTest, SaysWhichHaveSomething) {
  make(4);
  EXPECT_FALSE(set_.wait_for(milliseconds(0)));
  arenas_[1].alloc(5);
  arenas_[3].alloc(6);
  EXPECT_TRUE(set_.wait_for(hours::max()));
  EXPECT_EQ(ready(), Indices({1, 3}));
  EXPECT_TRUE(set_.is_ready(readers_[3]));
  EXPECT_FALSE(set_.is_ready(readers_[2]));
  EXPECT_EQ(readers_[1].next()->value, 5U);
  EXPECT_TRUE(set_.wait_for(milliseconds(-1)));
  EXPECT_EQ(ready(), Indices({3}));
  EXPECT_EQ(readers_[3].next()->value, 6U);
  EXPECT_FALSE(set_.wait_for(milliseconds(2)));
  EXPECT_TRUE(set_.ready().empty());
}

TEST_F(WaitSetTest, TakesReadersOfOtherTypes) {
  make(1);
  const TempName name;
  auto raw = RawArena::create(name, {"", 3, 1, ""}, {.slots = 4});
  auto reader = raw.reader(From::oldest);
  set_.add(reader);
  raw.alloc(std::array<std::byte, 3>{});
  EXPECT_TRUE(set_.wait_for(hours(1)));
  EXPECT_TRUE(set_.is_ready(reader));
  EXPECT_FALSE(set_.is_ready(readers_[0]));
}

/// One that sleeps is woken by each of them in turn. How many there are decides how it sleeps.
class WaitSetOf : public WaitSetTest, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(WaitSetOf, EachOfThemWakes) {
  make(GetParam());
  const std::size_t step = std::max<std::size_t>(1, readers_.size() / 5);
  for (std::size_t i = 0; i < readers_.size(); i += step) {
    std::thread writer([&] {
      std::this_thread::sleep_for(milliseconds(3));  // so that it mostly sleeps
      arenas_[i].alloc(i);
    });
    EXPECT_TRUE(set_.wait_for(hours::max()));
    writer.join();
    EXPECT_EQ(ready(), Indices({i}));
    EXPECT_EQ(readers_[i].next()->value, i);
  }
}

INSTANTIATE_TEST_SUITE_P(Rings, WaitSetOf, ::testing::Values(1, 2, 128, 140),
                         [](const auto& count) { return std::to_string(count.param); });

TEST_F(WaitSetTest, BeforeItSleepsEachBellIsToldOfIt) {
  make(3);
  std::deque<test::SegmentFile> files;
  for (const auto& name : names_) files.emplace_back(std::string_view(name));
  std::thread sleeper([&] { EXPECT_TRUE(set_.wait_for(hours::max())); });
  for (auto& file : files) {
    while ((file.doorbell().word & 1) == 0) std::this_thread::yield();  // for ever, if it is not
  }
  const std::uint32_t told = files[1].doorbell().word;
  const std::uint32_t other = files[2].doorbell().word;
  arenas_[1].alloc(1);
  sleeper.join();
  EXPECT_GT(files[1].doorbell().word, told) << "rung; it may have been told again since";
  EXPECT_EQ(files[2].doorbell().word, other);
}

TEST_F(WaitSetTest, OneWithoutADoorbellIsLookedAt) {
  make(2, {.doorbell = false});
  std::thread writer([&] {
    std::this_thread::sleep_for(milliseconds(5));
    arenas_[1].alloc(1);
  });
  EXPECT_TRUE(set_.wait_for(hours(1)));
  writer.join();
  EXPECT_EQ(ready(), Indices({1}));
}

TEST_F(WaitSetTest, AValueThatDoesNotComeIsPassedOverInTime) {
  make(2, {.hold = milliseconds(20)});
  test::SegmentFile file(names_[0]);
  const auto writer = arenas_[0].writer();
  file.seat(writer.seat()).claim = core::claiming(0);
  file.head() += 1;
  arenas_[0].alloc(7);
  std::vector<Gap> gaps;
  readers_[0].on_gap([&](const Gap& gap) { gaps.push_back(gap); });
  EXPECT_TRUE(set_.wait_for(hours(1)));
  EXPECT_EQ(readers_[0].next()->value, 7U);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].cause, Loss::passed_over);
  file.seat(writer.seat()).claim = core::idle(0);
}

TEST_F(WaitSetTest, WhenTheTimeIsOverGapsAreReported) {
  make(2);
  test::SegmentFile file(names_[1]);
  file.head() += 3;
  std::uint64_t lost = 0;
  readers_[1].on_gap([&](const Gap& gap) { lost += gap.cause == Loss::hole ? gap.count() : 0; });
  EXPECT_FALSE(set_.wait_for(milliseconds(1)));
  EXPECT_EQ(lost, 3U);
}

TEST_F(WaitSetTest, AReaderIsInOneSetAndLeavesItWhenItGoes) {
  make(2);
  WaitSet other;
  EXPECT_EQ(test::code_of([&] { other.add(readers_[0]); }), Code::invalid_argument);
  set_.remove(readers_[0]);
  set_.remove(readers_[0]);
  other.add(readers_[0]);
  arenas_[1].alloc(1);
  EXPECT_TRUE(set_.wait_for(milliseconds(0)));
  EXPECT_EQ(ready(), Indices({0})) << "the second one has moved up";
  {
    auto short_lived = arenas_[0].reader(From::oldest);
    set_.add(short_lived);
    arenas_[0].alloc(1);
    EXPECT_TRUE(set_.wait_for(milliseconds(0)));
    auto moved = std::move(short_lived);
    EXPECT_TRUE(set_.is_ready(moved));
  }
  readers_.clear();
  EXPECT_FALSE(set_.wait_for(milliseconds(0)));
}

TEST_F(WaitSetTest, ReadersOutliveIt) {
  make(1);
  { const WaitSet gone = std::move(set_); }
  WaitSet next;
  next.add(readers_[0]);
  arenas_[0].alloc(1);
  EXPECT_TRUE(next.wait_for(milliseconds(0)));
  set_ = std::move(next);
  EXPECT_TRUE(set_.is_ready(readers_[0]));
}

}  // namespace
}  // namespace arena_shm
