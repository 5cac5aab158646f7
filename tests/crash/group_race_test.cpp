// A writer that looks for room while a value goes from one member of a group to another.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "arena_shm/arena.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

std::function<void()> at_point;

class GroupRaceTest : public ::testing::Test {
 protected:
  ~GroupRaceTest() override { core::stop_point_hook = nullptr; }

  /// Once, when the writer has seen what the first member holds, and not what the second one does.
  static void when_the_first_is_seen(std::function<void()> act) {
    at_point = std::move(act);
    core::stop_point_hook = [](const char* name) {
      if (std::string_view(name) != "gate_member_seen") return;
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
  when_the_first_is_seen([&] {
    const auto entry = first.next();
    moved = entry && entry->value == 0 && entry->redelivered;
  });
  EXPECT_FALSE(writer.try_alloc(100)) << "the first has it in hand now";
  EXPECT_TRUE(moved);
  first.release();
  EXPECT_TRUE(writer.try_alloc(100));
}

}  // namespace
}  // namespace arena_shm
