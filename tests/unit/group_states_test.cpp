// Groups in odd states: what must not be lost, or be in the way for ever, when members are evicted, removed, or forked.
#include <algorithm>
#include <map>

#include "arena_shm/consumer.hpp"
#include "arena_shm/wait_set.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"
#include "unit/group_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::code_of;

class GroupStatesTest : public test::GroupFixture {
 protected:
  /// What `consumer` gets, until there were so many, or for two seconds; told that it was evicted, it goes on.
  static std::vector<Tick> take_told(Consumer<Tick>& consumer, std::size_t count) {
    std::vector<Tick> values;
    for (int i = 0; i < 2000 && values.size() < count; ++i) {
      try {
        while (const auto entry = consumer.next()) values.push_back(entry->value);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::evicted);
      }
      if (values.size() < count) std::this_thread::sleep_for(1ms);
    }
    return values;
  }
  std::string own_index(const Consumer<Tick>&) const {
    for (const auto& one : arena_.consumers())
      if (one.kind == ConsumerKind::member && one.pid == static_cast<std::uint32_t>(::getpid()))
        return "workers/" + std::to_string(one.index);
    return "";
  }
};
INSTANTIATE_FOR_EACH_KIND(GroupStatesTest);

TEST_P(GroupStatesTest, WhatAnEvictedMemberHasNotDeliveredIsNotLost) {
  auto writer = arena_.writer();
  auto living = member();
  for (Tick i = 0; i < 5; ++i) writer.alloc(i);
  Child dying = holder(5);
  dying.signal(SIGKILL);
  dying.end();
  ASSERT_EQ(living.next()->value, 0U);
  arena_.evict_consumer(own_index(living));
  EXPECT_EQ(code_of([&] { living.next(); }), Code::evicted);
  auto other = member();
  auto values = take_told(living, 4);
  const auto others = take_told(other, 4 - std::min<std::size_t>(values.size(), 4));
  values.insert(values.end(), others.begin(), others.end());
  EXPECT_EQ(values, range(1, 5));
}

TEST_P(GroupStatesTest, WhatAMemberHasTakenOverIsNotLostWhenItLearnsOfAnEviction) {
  test::TempName name;
  auto arena = Arena<Tick>::create(name, five(20ms));
  auto writer = arena.writer();
  auto slow = join(arena);
  for (Tick i = 0; i < 3; ++i) writer.alloc(i);
  ASSERT_EQ(slow.next()->value, 0U);
  const test::Gate holds;
  Child other([&] {
    const auto mine = Arena<Tick>::open(name);
    auto consumer = join(mine);
    std::vector<Entry<Tick>> entries(8);
    if (consumer.next(entries) != 2) return 1;
    holds.open();
    for (;;) ::pause();
    return 0;
  });
  holds.pass();
  for (Tick i = 3; i < kSlots; ++i) writer.alloc(i);
  Child third([&] {  // has no patience with the slow one, and takes over what that holds
    const auto mine = Arena<Tick>::open(name);
    auto consumer = join(mine);
    for (int i = 0; i < 5000; ++i) {
      const auto entry = consumer.next();
      if (entry && entry->value == 0) {
        consumer.release();
        return 0;
      }
      if (!entry) std::this_thread::sleep_for(1ms);
    }
    return 3;
  });
  ASSERT_EQ(third.end(), "exit 0");
  other.signal(SIGKILL);
  other.end();
  slow.wait_for(1s);
  EXPECT_EQ(take_told(slow, 2), range(1, 3));
}

TEST_P(GroupStatesTest, APendingValueSetAsideIsNotLostByAnEviction) {
  if (GetParam() != Writers::shared) return;
  test::SegmentFile file(name_.str());
  auto mine = member({.hold = 0ms});
  auto writer = arena_.writer();
  test::StoppedWriter stopped(arena_, file);
  const std::uint64_t seq = stopped.stop_in_slot();
  writer.alloc(7);
  ASSERT_EQ(mine.next()->value, 7U);
  ASSERT_EQ(mine.awaited_count(), 1U);
  arena_.evict_consumer(own_index(mine));
  EXPECT_EQ(code_of([&] { mine.next(); }), Code::evicted);
  EXPECT_FALSE(mine.next());
  stopped.publish(99);
  EXPECT_EQ(take_told(mine, 1), (std::vector<Tick>{99})) << seq;
}

TEST_P(GroupStatesTest, OnlyALateValueIsMarkedLate) {
  if (GetParam() != Writers::shared) return;
  test::SegmentFile file(name_.str());
  auto mine = member({.hold = 0ms});
  auto writer = arena_.writer();
  for (Tick i = 0; i < 3; ++i) writer.alloc(i);
  test::Gate go;
  Child dying = holder(3);
  test::StoppedWriter stopped(arena_, file);
  stopped.stop_in_slot();
  writer.alloc(7);
  ASSERT_EQ(mine.next()->value, 7U);
  dying.signal(SIGKILL);
  dying.end();
  ASSERT_TRUE(mine.wait_for(10s));
  ASSERT_EQ(mine.next()->value, 0U);
  stopped.publish(99);
  std::vector<Entry<Tick>> entries(4);
  ASSERT_EQ(mine.next(entries), 3U);
  EXPECT_EQ(entries[0].value, 99U);
  EXPECT_TRUE(entries[0].late);
  EXPECT_EQ(entries[1].value, 1U);
  EXPECT_FALSE(entries[1].late);
}

TEST_P(GroupStatesTest, OfWhatADeadMemberHeldOnlyWhatWasTakenComesAgain) {
  test::SegmentFile file(name_.str());
  auto writer = arena_.writer();
  auto living = member();
  writer.alloc(0);
  Child dying = holder(1);
  dying.signal(SIGKILL);
  dying.end();
  core::Consumer& line = file.consumer(2, arena_.lanes());  // behind the one who lives, and the group
  ASSERT_EQ(line.words[0], core::held(0, 1));
  line.words[0] = core::held(0, 3);  // it had lost the race for a longer range
  EXPECT_EQ(take(living, 1, true), range(0, 1));
  writer.alloc(1);
  writer.alloc(2);
  EXPECT_EQ(take(living, 2, false), range(1, 3));
  EXPECT_EQ(living.overwritten_count() + living.hole_count(), 0U);
}

TEST_P(GroupStatesTest, WhatIsLeftOfAGroupThatIsGoneIsNobodys) {
  auto writer = arena_.writer();
  std::uint32_t place = 0;
  {
    auto founder = member();
    place = arena_.consumers()[0].index;
    writer.alloc(0);
    Child dying = holder(1);
    dying.signal(SIGKILL);
    dying.end();
  }
  for (Tick i = 1; i < 2 * kSlots; ++i) writer.alloc(i);  // finds that all are dead
  auto others = arena_.consumer("others", {.share = true});
  ASSERT_EQ(arena_.consumers()[0].index, place) << "in the place of the group that is gone";
  for (Tick i = 0; i < 3 * kSlots; ++i) {
    ASSERT_TRUE(writer.try_alloc(100 + i));
    EXPECT_EQ(others.next()->value, 100 + i);
  }
}

TEST_P(GroupStatesTest, AMemberCannotBeRemoved) {
  auto writer = arena_.writer();
  {
    auto away = member({.durable = true});
    writer.alloc(0);
    ASSERT_EQ(away.next()->value, 0U);
  }
  std::string dead;
  for (const ConsumerInfo& one : arena_.consumers())
    if (one.kind == ConsumerKind::member) dead = "workers/" + std::to_string(one.index);
  ASSERT_NE(dead, "");
  EXPECT_EQ(code_of([&] { arena_.remove_consumer(dead); }), Code::invalid_argument);
  auto next = member();
  EXPECT_EQ(take_told(next, 1), range(0, 1));
  next.release();
  for (Tick i = 1; i < kSlots; ++i) EXPECT_TRUE(writer.try_alloc(i));
  EXPECT_EQ(take_told(next, kSlots - 1), range(1, kSlots));
  next.release();
  EXPECT_TRUE(writer.try_alloc(100)) << "nothing is held any more";
}

TEST_P(GroupStatesTest, AnEvictedGroupWithLivingMembersCannotBeRemoved) {
  auto mine = member();
  arena_.evict_consumer("workers");
  EXPECT_EQ(code_of([&] { arena_.remove_consumer("workers"); }), Code::already_exists);
}

TEST_P(GroupStatesTest, AForkedChildMayAskAMemberWhereItStands) {
  auto writer = arena_.writer();
  auto mine = member();
  writer.alloc(1);
  for (int what = 0; what < 5; ++what) {
    Child child([&] {
      if (what == 0) return mine.lag() == 0 ? 0 : 1;
      if (what == 1) return static_cast<int>(mine.cursor() & 0);
      if (what == 2) return code_of([&] { mine.position(); }) == Code::forked ? 0 : 1;
      if (what == 3) return static_cast<int>(mine.name().size() & 0);
      return code_of([&] {
               WaitSet set;
               set.add(mine);
               set.wait_for(0ms);
             }) == Code::forked
                 ? 0
                 : 1;
    });
    EXPECT_EQ(child.end(), "exit 0") << what;
  }
}

TEST_P(GroupStatesTest, ManyMayJoinAtOnce) {
  test::TempName name;
  Options wanted = options();
  wanted.consumers = 101;
  auto arena = Arena<Tick>::create(name, wanted);
#if defined(ARENA_SHM_SANITIZED) || defined(ARENA_SHM_EMULATED)
  constexpr int kMany = 25;  // each takes ten times as long, and the lock of a name is tried for some seconds only
#else
  constexpr int kMany = 100;
#endif
  std::vector<Child> children;
  test::Gate go;
  for (int i = 0; i < kMany; ++i)
    children.emplace_back([&] {
      const auto mine = Arena<Tick>::open(name);
      go.pass();
      try {
        auto consumer = join(mine);
        std::this_thread::sleep_for(2s);
      } catch (const Error& error) {
        return 10 + static_cast<int>(error.code());
      }
      return 0;
    });
  std::this_thread::sleep_for(500ms);
  for (int i = 0; i < kMany; ++i) go.open();
  std::map<std::string, int> ends;
  for (auto& child : children) ++ends[child.end()];
  EXPECT_EQ(ends["exit 0"], kMany) << ::testing::PrintToString(ends);
}

TEST_P(GroupStatesTest, PatienceIsNotRenewedByThoseWhoJoin) {
  test::TempName name;
  auto arena = Arena<Tick>::create(name, five(100ms));
  auto writer = arena.writer();
  auto idle = join(arena);
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  std::atomic<bool> stop{false};
  std::thread joining([&] {
    while (!stop) {
      { auto one = join(arena); }
      std::this_thread::sleep_for(20ms);
    }
  });
  EXPECT_FALSE(code_of([&] { writer.alloc_for(5s, 100); }));
  stop = true;
  joining.join();
}

TEST_P(GroupStatesTest, WouldDeadlockIsNotSaidWhereAnotherMemberMayTakeOver) {
  test::TempName name;
  auto arena = Arena<Tick>::create(name, five(20ms));
  auto writer = arena.writer();
  auto mine = join(arena);
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  ASSERT_TRUE(mine.next());
  const test::Gate in;
  Child other([&] {
    const auto same = Arena<Tick>::open(name);
    auto consumer = join(same);
    in.open();
    for (;;) {
      while (consumer.next()) {
      }
      consumer.wait_for(10ms);
    }
    return 0;
  });
  in.pass();
  EXPECT_FALSE(code_of([&] { writer.alloc_for(20s, 100); }));
}

}  // namespace
}  // namespace arena_shm
