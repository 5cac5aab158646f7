// Following a name: segments come and go behind it.
#include "arena_shm/follower.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::code_of;
using test::TempName;
using Numbers = Arena<std::uint64_t>;
using Values = std::vector<std::uint64_t>;

class FollowerTest : public ::testing::Test {
 protected:
  Numbers make() const { return Numbers::create(name_, {.slots = 8, .seats = 4}); }
  Numbers make_anew() const {
    Numbers::remove(name_);
    return make();
  }
  /// Waits until so many have come.
  static Values take(Follower<std::uint64_t>& follower, std::size_t count) {
    Values values;
    while (values.size() < count && follower.wait_for(1min)) {
      while (const auto entry = follower.next()) values.push_back(entry->value);
    }
    return values;
  }
  /// Looks until there is one segment left, as when a writer of an old one has gone.
  static void wait_for_one_segment(Follower<std::uint64_t>& follower) {
    while (follower.segment_count() > 1) {
      EXPECT_FALSE(follower.next());
      follower.wait_for(1ms);
    }
  }

  TempName name_;
};

TEST_F(FollowerTest, WhatIsNotThereYetIsWaitedFor) {
  Follower<std::uint64_t> follower(name_);
  EXPECT_EQ(follower.view(), nullptr);
  EXPECT_EQ(follower.next(), std::nullopt);
  EXPECT_FALSE(follower.wait_for(1ms));
  std::jthread later([&] {
    std::this_thread::sleep_for(30ms);
    auto arena = make();
    arena.alloc(7);
  });
  EXPECT_EQ(take(follower, 1), Values{7});
  ASSERT_NE(follower.view(), nullptr);
  EXPECT_EQ(follower.name(), name_.str());
}

TEST_F(FollowerTest, ItGoesOnWithTheNextOneFromItsOldest) {
  std::optional<Numbers> arena = make();
  arena->alloc(1);
  Follower<std::uint64_t> follower(name_, From::newest);
  std::vector<Restart> restarts;
  follower.on_restart([&](const Restart& restart) { restarts.push_back(restart); });
  arena->alloc(2);
  arena->alloc(3);
  const auto before = arena->info().epoch;
  arena.emplace(make_anew());
  arena->alloc(10);
  arena->alloc(11);
  EXPECT_EQ(take(follower, 4), (Values{2, 3, 10, 11}));
  ASSERT_EQ(restarts.size(), 1U);
  EXPECT_EQ(restarts[0].before, before);
  EXPECT_EQ(restarts[0].now, arena->info().epoch);
  EXPECT_EQ(restarts[0].created_ns, arena->info().created_ns);
  wait_for_one_segment(follower);
  EXPECT_EQ(follower.view()->info().epoch, arena->info().epoch);
  EXPECT_EQ(follower.read_count(), 4U);
  arena->alloc(12);
  EXPECT_EQ(take(follower, 1), Values{12});
}

TEST_F(FollowerTest, TheRestOfTheOldOneIsReadBeforeARestartIsReported) {
  std::optional<Numbers> arena = make();
  Follower<std::uint64_t> follower(name_);
  EXPECT_EQ(follower.next(), std::nullopt);
  Values seen;
  follower.on_restart([&](const Restart&) { seen.push_back(0); });
  for (std::uint64_t i = 1; i <= 3; ++i) {
    arena->alloc(10 * i);
    arena.emplace(make_anew());
  }
  arena->alloc(99);
  while (seen.empty() || seen.back() != 99) {
    ASSERT_TRUE(follower.wait_for(1min));
    while (const auto entry = follower.next()) seen.push_back(entry->value);
  }
  // Those in between may have come and gone unseen.
  EXPECT_EQ(seen.front(), 10U);
  EXPECT_EQ(seen.at(1), 0U);
}

TEST_F(FollowerTest, WhoStillWritesToTheOldOneIsReadOn) {
  auto old = make();
  std::optional<Writer<std::uint64_t>> writer(old.writer());
  Follower<std::uint64_t> follower(name_);
  writer->alloc(1);
  EXPECT_EQ(take(follower, 1), Values{1});
  auto arena = make_anew();
  arena.alloc(10);
  EXPECT_EQ(take(follower, 1), Values{10});
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(25ms);
    EXPECT_EQ(follower.next(), std::nullopt);
    EXPECT_EQ(follower.segment_count(), 2U) << "it has a writer";
  }
  writer->alloc(2);
  arena.alloc(11);
  EXPECT_EQ(take(follower, 2), (Values{2, 11}));
  writer->alloc(3);
  writer.reset();
  EXPECT_EQ(take(follower, 1), Values{3});
  wait_for_one_segment(follower);
  EXPECT_EQ(follower.read_count(), 5U);
}

TEST_F(FollowerTest, ADeadWriterOfTheOldOneKeepsNobody) {
  auto old = make();
  Child child([&] {
    auto own = Numbers::open(name_);
    auto writer = own.writer();
    writer.alloc(1);
    ::raise(SIGSTOP);
    return 0;
  });
  ASSERT_EQ(child.stop_or_end(), "stopped");
  Follower<std::uint64_t> follower(name_);
  EXPECT_EQ(take(follower, 1), Values{1});
  auto arena = make_anew();
  arena.alloc(10);
  EXPECT_EQ(take(follower, 1), Values{10});
  EXPECT_EQ(follower.segment_count(), 2U);
  EXPECT_EQ(child.kill_and_reap(), "signal 9");
  wait_for_one_segment(follower);
}

TEST_F(FollowerTest, WhatIsLostOfEachIsCounted) {
  std::optional<Numbers> arena = make();
  Follower<std::uint64_t> follower(name_);
  std::uint64_t lost = 0;
  follower.on_gap([&](const Gap& gap) { lost += gap.count(); });
  for (std::uint64_t i = 0; i < 11; ++i) arena->alloc(i);
  arena.emplace(make_anew());
  arena->alloc(100);
  while (follower.read_count() < 9) {
    if (!follower.next()) follower.wait_for(1s);
  }
  EXPECT_EQ(follower.overwritten_count() + follower.passed_over_count(), 3U);
  EXPECT_EQ(lost, 3U);
  EXPECT_EQ(follower.hole_count(), 0U);
}

TEST_F(FollowerTest, ARecordOfAnotherTypeIsAnErrorOnceTheOldOneIsRead) {
  {
    auto arena = make();
    arena.alloc(1);
  }
  Follower<std::uint64_t> follower(name_);
  Numbers::remove(name_);
  const auto other = Arena<double>::create(name_, {.slots = 8});
  std::this_thread::sleep_for(25ms);
  EXPECT_EQ(follower.next()->value, 1U);
  EXPECT_EQ(code_of([&] { take(follower, 1); }), Code::incompatible_type);
  Numbers::remove(name_);
  auto arena = make();
  arena.alloc(2);
  EXPECT_EQ(take(follower, 1), Values{2}) << "it can be made good";
}

TEST_F(FollowerTest, ANameThatIsGoneIsNoError) {
  std::optional<Numbers> arena = make();
  Follower<std::uint64_t> follower(name_);
  arena->alloc(1);
  Numbers::remove(name_);
  EXPECT_EQ(take(follower, 1), Values{1});
  std::this_thread::sleep_for(25ms);
  EXPECT_EQ(follower.next(), std::nullopt);
  EXPECT_FALSE(follower.wait_for(1ms));
  arena->alloc(2);
  EXPECT_EQ(take(follower, 1), Values{2});
}

TEST_F(FollowerTest, LanesAreFollowedAsWell) {
  const Options options{.slots = 8, .writers = Writers::laned, .seats = 2};
  std::optional<Numbers> arena = Numbers::create(name_, options);
  Follower<std::uint64_t> follower(name_);
  arena->alloc(1);
  Numbers::remove(name_);
  auto anew = Numbers::create(name_, options);
  auto writer = anew.writer();
  writer.alloc(10);
  EXPECT_EQ(take(follower, 2), (Values{1, 10}));
  arena.reset();
  wait_for_one_segment(follower);
}

}  // namespace
}  // namespace arena_shm
