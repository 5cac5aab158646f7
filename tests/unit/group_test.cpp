// Groups: consumers that share the values among them.
#include <algorithm>
#include <map>
#include <set>

#include "arena_shm/consumer.hpp"
#include "arena_shm/wait_set.hpp"
#include "unit/group_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::code_of;
using test::error_of;

class GroupTest : public test::GroupFixture {};
INSTANTIATE_FOR_EACH_KIND(GroupTest);

TEST_P(GroupTest, EachValueGoesToOneMember) {
  auto writer = arena_.writer();
  auto first = member();
  auto second = member();
  std::vector<Tick> got;
  for (Tick i = 0; i < 100; ++i) {
    writer.alloc(i);
    auto& mine = i % 3 == 0 ? first : second;
    auto& others = i % 3 == 0 ? second : first;
    const auto entry = mine.next();
    ASSERT_TRUE(entry) << i;
    EXPECT_FALSE(entry->late || entry->redelivered);
    EXPECT_FALSE(others.next());
    got.push_back(entry->value);
  }
  EXPECT_EQ(got, range(0, 100));
  EXPECT_EQ(first.read_count(), 34U);
  EXPECT_EQ(second.read_count(), 66U);
  EXPECT_EQ(first.hole_count() + first.overwritten_count() + first.redelivered_count(), 0U);
}

TEST_P(GroupTest, BeginsWhereItsFounderAskedFor) {
  auto writer = arena_.writer();
  for (Tick i = 0; i < 20; ++i) writer.alloc(i);
  auto founder = member({.from = From::oldest});
  auto other = member();
  EXPECT_EQ(founder.next()->value, 20 - kSlots);
  EXPECT_EQ(other.next()->value, 21 - kSlots);
}

TEST_P(GroupTest, WritersWaitForWhatNobodyHasTakenAndForWhatIsHeld) {
  auto writer = arena_.writer();
  auto first = member();
  auto second = member();
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_FALSE(writer.try_alloc(100)) << "nothing is taken";
  EXPECT_EQ(first.next()->value, 0U);
  EXPECT_FALSE(writer.try_alloc(100)) << "the first has 0 in hand";
  EXPECT_EQ(take_all(second), range(1, kSlots));
  EXPECT_FALSE(writer.try_alloc(100)) << "the first has 0 in hand";
  first.release();
  for (Tick i = 0; i < kSlots; ++i) EXPECT_TRUE(writer.try_alloc(100 + i)) << i;
  EXPECT_FALSE(writer.try_alloc(200));
}

TEST_P(GroupTest, NamesTheMemberThatHoldsUpTheWriters) {
  auto writer = arena_.writer();
  auto first = member();
  auto second = member();
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_EQ(first.next()->value, 0U);
  EXPECT_EQ(take_all(second).size(), kSlots - 1);
  const auto blockers = writer.blocked_by();
  ASSERT_EQ(blockers.size(), 1U);
  EXPECT_EQ(blockers[0].name, "workers");
  EXPECT_EQ(blockers[0].kind, ConsumerKind::member);
  EXPECT_EQ(blockers[0].holds, 1U);
  const auto found = code_of([&] { writer.alloc_for(1ms, 100); });
  if (found == Code::timed_out) {
    EXPECT_FALSE(core::is_only_thread());  // a sanitizer, or an emulator, has a thread of its own, soon
  } else {
    EXPECT_EQ(found, Code::would_deadlock);
  }
}

TEST_P(GroupTest, TakesSeveralAtOnceAndHoldsThemUntilTheNextCall) {
  auto writer = arena_.writer();
  auto first = member();
  auto second = member();
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  std::vector<Entry<Tick>> entries(5);
  ASSERT_EQ(first.next(entries), 5U);
  for (Tick i = 0; i < 5; ++i) EXPECT_EQ(entries[i].value, i);
  EXPECT_EQ(take_all(second), range(5, kSlots));
  EXPECT_FALSE(writer.try_alloc(100)) << "five of them are in hand";
  EXPECT_EQ(first.next(entries), 0U);
  EXPECT_TRUE(writer.try_alloc(100));
}

TEST_P(GroupTest, WhatADeadMemberHadGoesToAnother) {
  auto writer = arena_.writer();
  auto living = member();
  for (Tick i = 0; i < 3; ++i) writer.alloc(i);
  Child dying = holder(3);
  writer.alloc(3);
  EXPECT_EQ(living.next()->value, 3U);
  EXPECT_FALSE(living.next());
  EXPECT_EQ(arena_.consumers().size(), 3U);
  dying.signal(SIGKILL);
  EXPECT_EQ(take(living, 3, true), range(0, 3));
  EXPECT_EQ(living.redelivered_count(), 3U);
  EXPECT_EQ(arena_.consumers().size(), 2U) << "the group, and who lives";
}

TEST_P(GroupTest, WhatADeadMemberHadWakesOneThatWaits) {
  auto writer = arena_.writer();
  auto living = member();
  writer.alloc(7);
  Child dying = holder(1);
  dying.signal(SIGKILL);
  ASSERT_TRUE(living.wait_for(20s));
  const auto entry = living.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->value, 7U);
  EXPECT_TRUE(entry->redelivered);
}

TEST_P(GroupTest, WhatAMemberLeavesInHandGoesToAnother) {
  auto writer = arena_.writer();
  auto staying = member();
  for (Tick i = 0; i < 2; ++i) writer.alloc(i);
  {
    auto leaving = member();
    EXPECT_EQ(leaving.next()->value, 0U);
  }
  {
    auto leaving = member();
    EXPECT_TRUE(leaving.next()->redelivered) << "a newcomer in its place";
    leaving.release();
  }
  EXPECT_EQ(take(staying, 1, false), range(1, 2));
}

TEST_P(GroupTest, HoldsUpNobodyWhenAllAreDead) {
  auto writer = arena_.writer();
  {
    auto founder = member();
    writer.alloc(0);
    Child dying = holder(1);
    dying.signal(SIGKILL);
    dying.end();
  }
  for (Tick i = 1; i < 5 * kSlots; ++i) writer.alloc(i);
  EXPECT_TRUE(arena_.consumers().empty());
  auto anew = member({.from = From::oldest});
  EXPECT_EQ(take(anew, kSlots, false), range(4 * kSlots, 5 * kSlots)) << "what the dead held is nobody's";
}

TEST_P(GroupTest, ADurableOneIsWaitedForWhileItIsAway) {
  auto writer = arena_.writer();
  {
    auto first = member({.durable = true});
    writer.alloc(0);
    writer.alloc(1);
    EXPECT_EQ(first.next()->value, 0U);
  }
  for (Tick i = 2; i < kSlots; ++i) writer.alloc(i);
  EXPECT_FALSE(writer.try_alloc(100));
  ASSERT_EQ(arena_.consumers().size(), 2U);
  EXPECT_EQ(arena_.consumers()[0].life, ConsumerLife::away);
  EXPECT_TRUE(arena_.consumers()[0].durable);
  auto second = member();
  const auto again = second.next();
  EXPECT_EQ(again->value, 0U);
  EXPECT_TRUE(again->redelivered);
  EXPECT_EQ(take(second, kSlots - 1, false), range(1, kSlots));
}

TEST_P(GroupTest, CanBeRemovedWhileItIsAway) {
  auto writer = arena_.writer();
  {
    auto first = member({.durable = true});
    EXPECT_EQ(code_of([&] { arena_.remove_consumer("workers"); }), Code::already_exists);
  }
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_FALSE(writer.try_alloc(100));
  arena_.remove_consumer("workers");
  EXPECT_TRUE(writer.try_alloc(100));
  EXPECT_TRUE(arena_.consumers().empty());
}

TEST_P(GroupTest, AHoleIsCountedOnce) {
  if (GetParam() == Writers::shared) {
    auto first = member();
    auto second = member();
    auto writer = arena_.writer();
    Child dying([&] {
      const auto arena = Arena<Tick>::open(name_);
      auto mine = arena.writer();
      for (Tick i = 0; i < kSlots; ++i) mine.alloc(i);
      mine.alloc(100);  // waits for room, with a number
      return 0;
    });
    ASSERT_TRUE(eventually([&] { return arena_.head() == kSlots + 1; }));
    dying.signal(SIGKILL);
    dying.end();
    EXPECT_EQ(take(first, kSlots, false), range(0, kSlots));
    first.release();
    writer.alloc(200);
    EXPECT_EQ(take(second, 1, false), range(200, 201));
    EXPECT_EQ(first.hole_count() + second.hole_count(), 1U);
  }
}

TEST_P(GroupTest, RefusesWhatGroupsHaveNot) {
  EXPECT_EQ(code_of([&] { member({.release = Release::explicitly}); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { member({.order = Order::time}); }), Code::invalid_argument);
  EXPECT_TRUE(arena_.consumers().empty());
}

TEST_P(GroupTest, ANameIsThatOfAGroupOrOfOneWhoIsAlone) {
  auto alone = arena_.consumer("risk");
  EXPECT_EQ(code_of([&] { arena_.consumer("risk", {.share = true}); }), Code::already_exists);
  auto founder = member();
  EXPECT_EQ(code_of([&] { arena_.consumer("workers"); }), Code::already_exists);
  EXPECT_EQ(arena_.consumers().size(), 3U);
}

TEST_P(GroupTest, TakesAPlaceForItselfAndOneForEachMember) {
  auto first = member();
  std::vector<Consumer<Tick>> others;
  for (int i = 0; i < 3; ++i) others.push_back(member());
  EXPECT_EQ(code_of([&] { member(); }), Code::table_full);
  others.pop_back();
  others.push_back(member());
  const auto all = arena_.consumers();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[0].kind, ConsumerKind::group);
  EXPECT_EQ(all[0].members, 4U);
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_EQ(all[i].kind, ConsumerKind::member);
    EXPECT_EQ(all[i].group, all[0].index);
    EXPECT_EQ(all[i].pid, static_cast<std::uint32_t>(::getpid()));
  }
}

TEST_P(GroupTest, AWaitSetTakesMembers) {
  auto writer = arena_.writer();
  auto first = member();
  auto second = member();
  WaitSet set;
  set.add(first);
  set.add(second);
  EXPECT_FALSE(set.wait_for(0ms));
  writer.alloc(7);
  ASSERT_TRUE(set.wait_for(10s));
  EXPECT_EQ(first.next()->value, 7U);
  EXPECT_FALSE(set.wait_for(0ms));
}

TEST_P(GroupTest, InAForkedChildIsRefused) {
  auto writer = arena_.writer();
  auto mine = member();
  Child child([&] {
    return code_of([&] { mine.next(); }) == Code::forked && code_of([&] { mine.wait_for(0ms); }) == Code::forked &&
                   code_of([&] { mine.release(); }) == Code::forked
               ? 0
               : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
  writer.alloc(1);
  EXPECT_EQ(mine.next()->value, 1U);
}

}  // namespace
}  // namespace arena_shm
