// Members of a group, and whole groups, that are evicted: by hand, or because the arena has no patience any more.
#include "arena_shm/consumer.hpp"
#include "unit/group_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::code_of;

class GroupEvictionTest : public test::GroupFixture {};
INSTANTIATE_FOR_EACH_KIND(GroupEvictionTest);

TEST_P(GroupEvictionTest, AStoppedMemberIsEvictedByHand) {
  auto writer = arena_.writer();
  auto living = member();
  writer.alloc(0);
  Child stopped = holder(1);
  stopped.signal(SIGSTOP);
  for (Tick i = 1; i < kSlots; ++i) writer.alloc(i);
  EXPECT_EQ(take_all(living), range(1, kSlots));
  EXPECT_FALSE(writer.try_alloc(100));
  const auto blockers = writer.blocked_by();
  ASSERT_EQ(blockers.size(), 1U);
  EXPECT_EQ(blockers[0].pid, static_cast<std::uint32_t>(stopped.pid()));
  arena_.evict_consumer("workers/" + std::to_string(blockers[0].index));
  EXPECT_EQ(take(living, 1, true), range(0, 1));
  living.release();
  EXPECT_TRUE(writer.try_alloc(100));
}

TEST_P(GroupEvictionTest, WhoWasEvictedIsTold) {
  auto writer = arena_.writer();
  auto evicted = member();
  auto other = member();
  writer.alloc(0);
  EXPECT_EQ(evicted.next()->value, 0U);
  arena_.evict_consumer("workers/" + std::to_string(arena_.consumers()[1].index));
  EXPECT_EQ(take(other, 1, true), range(0, 1));
  writer.alloc(1);
  EXPECT_EQ(code_of([&] { evicted.next(); }), Code::evicted);
  EXPECT_EQ(evicted.next()->value, 1U) << "told once, it goes on";
  EXPECT_EQ(arena_.consumers()[1].life, ConsumerLife::alive);
}

TEST_P(GroupEvictionTest, AGroupIsEvictedByHand) {
  auto writer = arena_.writer();
  auto first = member();
  auto second = member();
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_EQ(first.next()->value, 0U);
  arena_.evict_consumer("workers");
  for (Tick i = 0; i < kSlots; ++i) EXPECT_TRUE(writer.try_alloc(100 + i));
  EXPECT_EQ(code_of([&] { second.next(); }), Code::evicted);
  EXPECT_EQ(take(second, kSlots, false), range(100, 100 + kSlots));
  EXPECT_EQ(second.overwritten_count(), kSlots) << "nobody can know whether the first has done with its own";
  EXPECT_EQ(code_of([&] { first.next(); }), Code::evicted);
  EXPECT_FALSE(first.next());
}

TEST_P(GroupEvictionTest, PatienceGivesWhatAMemberHoldsToAnother) {
  test::TempName name;
  auto arena = Arena<Tick>::create(name, five(20ms));
  auto writer = arena.writer();
  auto slow = join(arena);
  auto other = join(arena);
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_EQ(slow.next()->value, 0U);
  EXPECT_EQ(take_all(other), range(1, kSlots));
  EXPECT_FALSE(writer.try_alloc(100));
  EXPECT_EQ(take(other, 1, true), range(0, 1));
  other.release();
  EXPECT_TRUE(writer.try_alloc(100));
  EXPECT_EQ(code_of([&] { slow.next(); }), Code::evicted);
  EXPECT_EQ(slow.next()->value, 100U) << "told once, it goes on";
}

/// Patience with a group lasts twice as long: a second is between them here.
TEST_P(GroupEvictionTest, AGroupIsNotEvictedBeforeAnotherMemberCouldTakeOver) {
  if (GetParam() != Writers::shared) return;
  test::TempName name;
  auto arena = Arena<Tick>::create(name, five(1s));
  auto slow = join(arena);
  auto other = join(arena);
  auto writer = arena.writer();
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_EQ(slow.next()->value, 0U);
  EXPECT_EQ(take_all(other), range(1, kSlots));
  std::thread writing([&] { arena.writer().alloc(100); });
  EXPECT_TRUE(other.wait_for(20s));
  EXPECT_EQ(arena.consumers()[0].life, ConsumerLife::alive);
  const auto entry = other.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->value, 0U);
  EXPECT_TRUE(entry->redelivered);
  other.release();
  writing.join();
}

TEST_P(GroupEvictionTest, PatienceEvictsAGroupThatDoesNothing) {
  test::TempName name;
  auto arena = Arena<Tick>::create(name, five(20ms));
  auto writer = arena.writer();
  auto first = join(arena);
  auto second = join(arena);
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_EQ(first.next()->value, 0U);
  std::thread writing([&] {
    for (Tick i = kSlots; i < 3 * kSlots; ++i) writer.alloc(i);
  });
  writing.join();
  EXPECT_EQ(arena.consumers()[0].life, ConsumerLife::evicted);
  EXPECT_EQ(code_of([&] { first.next(); }), Code::evicted);
  EXPECT_EQ(take(first, kSlots, false), range(2 * kSlots, 3 * kSlots));
  EXPECT_EQ(first.overwritten_count(), 2 * kSlots - 1) << "all but the one it had";
  EXPECT_EQ(code_of([&] { second.next(); }), Code::evicted);
  EXPECT_FALSE(second.next());
  writer.alloc(100);
  EXPECT_EQ(second.next()->value, 100U);
}

TEST_P(GroupEvictionTest, ADurableGroupComesBackDurable) {
  auto founder = member({.durable = true});
  auto other = member();
  arena_.evict_consumer("workers");
  EXPECT_EQ(code_of([&] { other.next(); }), Code::evicted);
  EXPECT_FALSE(other.next());
  EXPECT_TRUE(arena_.consumers()[0].durable);
}

}  // namespace
}  // namespace arena_shm
