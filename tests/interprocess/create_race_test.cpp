// Many processes create, open and remove one name at the same time.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "interprocess/peer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Peer;

TEST(CreateRaceTest, ManyProcessesAgreeOnOneSegment) {
  constexpr int kProcesses = 24;
  const test::TempName name;
  std::vector<Peer> peers;
  for (int i = 0; i < kProcesses; ++i) peers.push_back(Peer({"create", name.str(), "1"}));
  for (Peer& peer : peers) {
    EXPECT_EQ(peer.output(), "1\n");
    EXPECT_EQ(peer.end(), "exit 0");
  }
}

TEST(CreateRaceTest, CreatingAndRemovingLeavesNothingHalfMade) {
  constexpr int kProcesses = 12;
  const test::TempName name;
  std::vector<Peer> peers;
  for (int i = 0; i < kProcesses; ++i) peers.push_back(Peer({"create", name.str(), "60"}));
  std::uint64_t opened = 0;
  for (Peer& peer : peers) {
    opened += std::stoull(peer.output());
    EXPECT_EQ(peer.end(), "exit 0");
  }
  EXPECT_GT(opened, 60U * kProcesses / 2);
  // What is left is whole: it can be opened and used.
  auto arena = Arena<std::uint64_t>::open_or_create(name, {.slots = 16});
  arena.alloc(1);
}

TEST(CreateRaceTest, CreatorsKilledInBetweenLeaveNothing) {
  const test::TempName name;
  for (int round = 0; round < 60; ++round) {
    test::Child child([&] {
      for (;;) {
        auto arena = Arena<std::uint64_t>::create(name, {.slots = 4096});
        Arena<std::uint64_t>::remove(name);
      }
      return 0;
    });
    std::this_thread::sleep_for(std::chrono::microseconds(300 + 37 * round));
    child.kill_and_reap();
    auto arena = Arena<std::uint64_t>::open_or_create(name, {.slots = 4096});
    ASSERT_EQ(arena.alloc(7).value, 7U);
    Arena<std::uint64_t>::remove(name);
  }
}

}  // namespace
}  // namespace arena_shm
