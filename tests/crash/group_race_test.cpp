// A writer that looks for room while a value goes from one member of a group to another.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "arena_shm/arena.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "crash/victim.hpp"
#include "support/child.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;

std::function<void()> at_point;
std::string_view wanted_point;
int times_left = 0;

class GroupRaceTest : public ::testing::Test {
 protected:
  ~GroupRaceTest() override { core::stop_point_hook = nullptr; }

  /// Once, when it is at that point for the n-th time.
  static void at(const char* point, int nth, std::function<void()> act) {
    wanted_point = point;
    times_left = nth;
    at_point = std::move(act);
    core::stop_point_hook = [](const char* name) {
      if (std::string_view(name) != wanted_point || --times_left > 0) return;
      core::stop_point_hook = nullptr;
      at_point();
    };
  }

  static constexpr std::uint64_t kSlots = 4;
  test::TempName name_;
  Arena<std::uint64_t> arena_ = Arena<std::uint64_t>::create(
      name_, {.slots = kSlots, .writers = Writers::exclusive, .full = Full::wait, .consumers = 4});
};

TEST_F(GroupRaceTest, WhatMovesBehindTheScansBackIsNotOverwritten) {
  auto first = arena_.consumer("workers", {.share = true});
  auto second = arena_.consumer("workers", {.share = true});
  auto writer = arena_.writer();
  for (std::uint64_t i = 0; i < kSlots; ++i) writer.alloc(i);
  ASSERT_EQ(second.next()->value, 0U);
  for (std::uint64_t i = 1; i < kSlots; ++i) ASSERT_EQ(first.next()->value, i);
  first.release();
  for (const ConsumerInfo& one : arena_.consumers()) {
    if (one.holds == 1) arena_.evict_consumer(one.name + "/" + std::to_string(one.index));
  }
  bool moved = false;
  at("gate_member_seen", 1, [&] {  // the writer has seen what the first holds, and not what the second does
    const auto entry = first.next();
    moved = entry && entry->value == 0 && entry->redelivered;
  });
  EXPECT_FALSE(writer.try_alloc(100)) << "the first has it in hand now";
  EXPECT_TRUE(moved);
  first.release();
  EXPECT_TRUE(writer.try_alloc(100));
}

/// It held nothing when its place was looked at.
TEST_F(GroupRaceTest, AMemberThatDiesWhileItsPlaceIsLookedAtLosesNothing) {
  const auto arena = Arena<std::uint64_t>::create(
      name_.str() + ".full", {.slots = kSlots, .writers = Writers::exclusive, .full = Full::wait, .consumers = 3});
  auto living = arena.consumer("workers", {.share = true});
  const test::Gate joined;
  const test::Gate take;
  const test::Gate taken;
  Child dying([&]() -> int {
    const auto own_arena = Arena<std::uint64_t>::open(arena.name());
    auto own = own_arena.consumer("workers", {.share = true});
    joined.open();
    take.pass();
    own.next();
    taken.open();
    for (;;) ::pause();
  });
  joined.pass();
  auto writer = arena.writer();
  writer.alloc(7);
  at("consumer_place_found", 2, [&] {  // of the living one, and now of the other
    take.open();
    taken.pass();
    dying.signal(SIGKILL);
    dying.end();
  });
  EXPECT_THROW(arena.consumer("newcomer"), Error) << "all places are taken, or hold something";
  Arena<std::uint64_t>::remove(arena.name());
  ASSERT_TRUE(living.wait_for(20s));
  const auto entry = living.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->value, 7U);
  EXPECT_TRUE(entry->redelivered);
}

/// Who takes over from a member that lives, and is stopped in it, is no obstacle to a third one.
class StoppedEvictorTest : public ::testing::TestWithParam<const char*> {
 protected:
  using Value = std::uint64_t;
  static constexpr std::uint64_t kSlots = 8;

  static Consumer<Value> join(const Arena<Value>& arena) { return arena.consumer("workers", {.share = true}); }
  Child evictor() const {
    return Child([this] {
      const auto arena = Arena<Value>::open(name_);
      auto own = join(arena);
      test::StopAt::arm(GetParam(), SIGSTOP);
      for (;;) {
        while (own.next()) {
        }
        own.wait_for(5ms);
      }
      return 0;
    });
  }
  void evict(const Arena<Value>& arena, pid_t pid) const {
    for (const ConsumerInfo& one : arena.consumers()) {
      if (one.kind == ConsumerKind::member && one.pid == static_cast<std::uint32_t>(pid))
        arena.evict_consumer(one.name + "/" + std::to_string(one.index));
    }
  }
  /// Takes what there is until the writer has room.
  static bool gets_room(Consumer<Value>& other, Writer<Value>& writer) {
    for (int i = 0; i < 20'000; ++i) {
      while (other.next()) {
      }
      if (writer.try_alloc(9)) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

  test::TempName name_;
};

TEST_P(StoppedEvictorTest, HoldsUpNobody) {
  const auto arena = Arena<Value>::create(name_, {.slots = kSlots, .seats = 3, .full = Full::wait, .consumers = 6});
  auto writer = arena.writer();
  auto slow = join(arena);
  for (std::uint64_t i = 0; i < kSlots; ++i) writer.alloc(i);
  ASSERT_EQ(slow.next()->value, 0U);
  Child stopped = evictor();
  evict(arena, ::getpid());
  ASSERT_EQ(stopped.stop_or_end(), "stopped");
  auto other = join(arena);
  evict(arena, stopped.pid());
  EXPECT_TRUE(gets_room(other, writer));
}

INSTANTIATE_TEST_SUITE_P(Points, StoppedEvictorTest,
                         ::testing::Values("takeover_barred", "takeover_held", "takeover_moved", "takeover_done"));

}  // namespace
}  // namespace arena_shm
