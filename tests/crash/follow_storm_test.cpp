// Makers of a name that are killed at any instruction while they write, and whose arena is removed and made anew at
// once, again and again: a follower of the name gets every value of every arena, or counts it.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/follower.hpp"
#include "support/child.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::Shared;
using test::TempName;

struct Value {
  std::uint64_t round;  ///< its maker
  std::uint64_t number;
};

using Values = Arena<Value>;

std::uint64_t round_count() {
  const char* long_form = std::getenv("ARENA_SHM_LONG");
  return long_form != nullptr && *long_form != '\0' ? 10'000 : 500;
}

bool is_small(std::uint64_t round) { return round % 7 == 0; }

/// Takes the name away, takes it itself, and writes until it is killed.
[[noreturn]] void make_and_write(const TempName& name, std::uint64_t round, std::uint64_t& written) {
  constexpr std::uint64_t kAtOnce = 50;
  Values::remove(name);
  auto arena = Values::create(name, {.slots = is_small(round) ? 16U : 4096U, .seats = 4});
  auto writer = arena.writer();
  for (std::uint64_t number = 0;; ++number) {
    if (round % 2 == 0)
      writer.alloc({.round = round, .number = number});
    else
      arena.alloc({.round = round, .number = number});
    written = number + 1;
    if (number >= kAtOnce) std::this_thread::sleep_for(100us);
  }
}

class FollowStormTest : public ::testing::Test {
 protected:
  /// What has come of one arena.
  struct Round {
    std::uint64_t next = 0;  ///< behind the last value that has come
    std::uint64_t read = 0;
    std::uint64_t head = 0;  ///< once its maker is dead
  };

  FollowStormTest() : follower_(name_) {
    follower_.on_gap([this](const Gap& gap) { lost_ += gap.count(); });
    follower_.on_restart([this](const Restart& restart) { restarts_.push_back(restart); });
  }

  void take_all() {
    while (const auto entry = follower_.next()) {
      if (rounds_.size() <= entry->value.round) rounds_.resize(entry->value.round + 1);
      Round& round = rounds_[entry->value.round];
      ASSERT_GE(entry->seq, round.next) << "of round " << entry->value.round;
      ASSERT_EQ(entry->value.number, entry->seq);
      round.next = entry->seq + 1;
      ++round.read;
    }
  }

  // An arena that comes and goes between two looks at the name cannot be seen.
  void await_round(std::uint64_t i) {
    while (rounds_.size() <= i) {
      ASSERT_TRUE(follower_.wait_for(1min));
      take_all();
    }
  }

  TempName name_;
  Follower<Value> follower_;
  std::uint64_t lost_ = 0;
  std::vector<Restart> restarts_;
  std::vector<Round> rounds_;
};

TEST_F(FollowStormTest, EveryValueOfEveryEpochIsReadOrCounted) {
  std::mt19937 random(1);  // NOLINT(*-msc51-cpp): the same each time
  Shared<std::uint64_t> written;
  const std::uint64_t count = round_count();
  for (std::uint64_t i = 0; i < count; ++i) {
    *written = 0;
    Child maker([&]() -> int { make_and_write(name_, i, *written); });
    await_round(i);
    ASSERT_FALSE(HasFatalFailure());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 1500));
    if (random() % 2 == 0) take_all();
    ASSERT_EQ(maker.kill_and_reap(), "signal 9");
    rounds_[i].head = follower_.view()->head();
    ASSERT_GE(rounds_[i].head, *written);
    ASSERT_LE(rounds_[i].head, *written + 1);
  }
  do {
    take_all();
  } while (follower_.segment_count() > 1 || follower_.wait_for(50ms));
  std::uint64_t missing = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Round& round = rounds_[i];
    ASSERT_LE(round.next, round.head);
    missing += round.head - round.read;
    const std::uint64_t most = is_small(i) ? round.head : 1;
    EXPECT_LE(round.head - round.read, most) << "but for what its maker was writing when it died";
  }
  EXPECT_EQ(missing, lost_);
  EXPECT_EQ(lost_, follower_.overwritten_count() + follower_.hole_count() + follower_.passed_over_count());
  EXPECT_GT(follower_.overwritten_count(), 0U);
  ASSERT_EQ(restarts_.size(), count - 1);
  for (std::uint64_t i = 1; i < restarts_.size(); ++i) EXPECT_EQ(restarts_[i].before, restarts_[i - 1].now);
}

}  // namespace
}  // namespace arena_shm
