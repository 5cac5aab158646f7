// Consumers: what they get, and under what name.
#include "arena_shm/consumer.hpp"

#include <optional>

#include "arena_shm/wait_set.hpp"
#include "unit/lossless_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::code_of;
using test::error_of;

class ConsumerTest : public test::LosslessTest {};
INSTANTIATE_FOR_EACH_KIND(ConsumerTest);

TEST_P(ConsumerTest, GetsEachValueFromWhereItJoined) {
  auto writer = arena_.writer();
  for (Tick i = 0; i < 3; ++i) writer.alloc(i);
  auto consumer = arena_.consumer("risk");
  for (Tick i = 3; i < 100; ++i) {
    writer.alloc(i);
    const auto entry = consumer.next();
    ASSERT_TRUE(entry) << i;
    EXPECT_EQ(entry->value, i);
    EXPECT_FALSE(entry->late);
    EXPECT_FALSE(consumer.next());
  }
  EXPECT_EQ(consumer.read_count(), 97U);
  EXPECT_EQ(consumer.overwritten_count() + consumer.hole_count() + consumer.awaited_count(), 0U);
}

TEST_P(ConsumerTest, JoinsAtTheOldestValue) {
  auto writer = arena_.writer();
  for (Tick i = 0; i < 20; ++i) writer.alloc(i);
  auto consumer = arena_.consumer("risk", {.from = From::oldest});
  EXPECT_EQ(take_all(consumer), range(20 - kSlots, 20));
}

TEST_P(ConsumerTest, TakesSeveralAtOnceAndKeepsThemUntilTheNextCall) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  std::vector<Entry<Tick>> entries(2 * kSlots);
  ASSERT_EQ(consumer.next(entries), kSlots);
  for (Tick i = 0; i < kSlots; ++i) EXPECT_EQ(entries[i].value, i);
  EXPECT_FALSE(writer.try_alloc(100)) << "all of them are in hand";
  EXPECT_EQ(consumer.next(entries), 0U);
  EXPECT_TRUE(writer.try_alloc(100));
}

TEST_P(ConsumerTest, KeepsWhatItHasUntilItReleasesIt) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk", {.release = Release::explicitly});
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_EQ(take_all(consumer), range(0, kSlots));
  EXPECT_FALSE(consumer.wait_for(0ms));
  EXPECT_FALSE(writer.try_alloc(100));
  consumer.release();
  EXPECT_TRUE(writer.try_alloc(100));
}

TEST_P(ConsumerTest, HasANameOfItsOwn) {
  auto first = arena_.consumer("risk");
  const auto error = error_of([&] { arena_.consumer("risk"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::already_exists);
  EXPECT_NE(std::string(error->what()).find("process " + std::to_string(::getpid())), std::string::npos)
      << error->what();
  auto second = arena_.consumer("audit");
  auto third = arena_.consumer("log");
  const auto full = error_of([&] { arena_.consumer("more"); });
  ASSERT_TRUE(full);
  EXPECT_EQ(full->code(), Code::table_full);
  EXPECT_NE(std::string(full->what()).find("risk, audit, log"), std::string::npos) << full->what();
  const auto all = arena_.consumers();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].name, "audit");
  EXPECT_EQ(all[1].life, ConsumerLife::alive);
  EXPECT_EQ(all[1].pid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_FALSE(all[1].process.empty());
}

TEST_P(ConsumerTest, LeavesItsNameAndItsPlace) {
  for (int i = 0; i < 10; ++i) {
    std::vector<Consumer<Tick>> all;
    for (const char* name : {"a", "b", "c"}) all.push_back(arena_.consumer(name));
    EXPECT_EQ(arena_.consumers().size(), 3U);
  }
  EXPECT_TRUE(arena_.consumers().empty());
}

TEST_P(ConsumerTest, RefusesNamesThatNobodyCouldRead) {
  EXPECT_EQ(code_of([&] { arena_.consumer(""); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { arena_.consumer(std::string(33, 'x')); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { arena_.consumer("a\nb"); }), Code::invalid_argument);
  EXPECT_FALSE(code_of([&] { arena_.consumer(std::string(32, 'x')); }));
}

TEST_P(ConsumerTest, NeedsALosslessArena) {
  const test::TempName name;
  const auto arena = Arena<Tick>::create(name, {.slots = 4, .writers = GetParam(), .seats = 2});
  EXPECT_EQ(code_of([&] { arena.consumer("risk"); }), Code::invalid_argument);
  EXPECT_TRUE(arena.consumers().empty());
}

TEST_P(ConsumerTest, ADurableOneComesBackToWhereItWas) {
  auto writer = arena_.writer();
  {
    auto consumer = arena_.consumer("risk", {.durable = true});
    for (Tick i = 0; i < 5; ++i) writer.alloc(i);
    EXPECT_EQ(consumer.next()->value, 0U);
    EXPECT_EQ(consumer.next()->value, 1U);
    EXPECT_EQ(consumer.next()->value, 2U);
  }
  ASSERT_EQ(arena_.consumers().size(), 1U);
  EXPECT_EQ(arena_.consumers()[0].life, ConsumerLife::away);
  EXPECT_TRUE(arena_.consumers()[0].durable);
  for (Tick i = 5; i < kSlots + 2; ++i) ASSERT_TRUE(writer.try_alloc(i)) << i;
  EXPECT_FALSE(writer.try_alloc(100)) << "it is waited for";
  auto consumer = arena_.consumer("risk");
  EXPECT_EQ(take_all(consumer), range(2, kSlots + 2)) << "what was in hand comes once more";
  EXPECT_TRUE(arena_.consumers()[0].durable) << "whoever has come back";
}

TEST_P(ConsumerTest, ADurableOneThatReleasedGetsNothingTwice) {
  auto writer = arena_.writer();
  {
    auto consumer = arena_.consumer("risk", {.durable = true});
    for (Tick i = 0; i < 5; ++i) writer.alloc(i);
    EXPECT_EQ(take_all(consumer).size(), 5U);
    writer.alloc(5);
    consumer.next();
    consumer.release();
  }
  writer.alloc(6);
  auto consumer = arena_.consumer("risk", {.durable = true});
  EXPECT_EQ(take_all(consumer), range(6, 7));
}

TEST_P(ConsumerTest, ADurableOneThatIsAwayCanBeRemoved) {
  auto writer = arena_.writer();
  std::optional<Consumer<Tick>> consumer(arena_.consumer("risk", {.durable = true}));
  EXPECT_EQ(code_of([&] { arena_.remove_consumer("risk"); }), Code::already_exists);
  EXPECT_EQ(code_of([&] { arena_.remove_consumer("rusk"); }), Code::not_found);
  consumer.reset();
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_FALSE(writer.try_alloc(100));
  arena_.remove_consumer("risk");
  EXPECT_TRUE(writer.try_alloc(100));
  EXPECT_TRUE(arena_.consumers().empty());
  auto again = arena_.consumer("risk", {.durable = true});
  EXPECT_FALSE(again.next()) << "it begins anew";
}

TEST_P(ConsumerTest, OneThatDiesGivesItsPlaceUpUnlessItIsDurable) {
  Child dying([&] {
    auto arena = Arena<Tick>::open(name_);
    auto plain = arena.consumer("plain");
    auto durable = arena.consumer("durable", {.durable = true});
    ::raise(SIGSTOP);
    return 0;
  });
  ASSERT_EQ(dying.stop_or_end(), "stopped");
  EXPECT_EQ(arena_.consumers().size(), 2U);
  EXPECT_EQ(code_of([&] { arena_.consumer("plain"); }), Code::already_exists);
  dying.kill_and_reap();
  const auto left = arena_.consumers();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].name, "durable");
  auto plain = arena_.consumer("plain");
  auto another = arena_.consumer("another");
  auto durable = arena_.consumer("durable");
  EXPECT_EQ(arena_.consumers().size(), 3U);
}

TEST_P(ConsumerTest, IsWaitedForWithOthersInASet) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  auto reader = arena_.reader(From::newest);
  WaitSet set;
  set.add(consumer);
  set.add(reader);
  EXPECT_FALSE(set.wait_for(1ms));
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  ASSERT_TRUE(set.wait_for(1s));
  EXPECT_TRUE(set.is_ready(consumer));
  EXPECT_EQ(consumer.next()->value, 0U);
  EXPECT_EQ(take_all(consumer).size(), kSlots - 1);
  while (reader.next()) {
  }
  EXPECT_FALSE(set.wait_for(0ms));
  EXPECT_TRUE(writer.try_alloc(1)) << "it has released what it had";
}

TEST_P(ConsumerTest, InASetReleasesWhatItHasWhileOthersAreReady) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  const test::TempName name;
  auto busy = Arena<Tick>::create(name, {.slots = 4, .seats = 2});
  auto reader = busy.reader(From::newest);
  auto other = busy.writer();
  WaitSet set;
  set.add(reader);
  set.add(consumer);
  for (Tick i = 0; i < 2; ++i) writer.alloc(i);
  EXPECT_EQ(take_all(consumer).size(), 2U);
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  std::vector<Entry<Tick>> entries(kSlots);
  ASSERT_EQ(consumer.next(entries), kSlots);
  EXPECT_FALSE(writer.try_alloc(1));
  other.alloc(1);
  ASSERT_TRUE(set.wait_for(1s));
  EXPECT_TRUE(set.is_ready(reader));
  EXPECT_TRUE(writer.try_alloc(1));
}

TEST_P(ConsumerTest, ThatIsRefusedHasNotJoined) {
  EXPECT_EQ(code_of([&] { arena_.consumer("risk", {.durable = true, .order = Order::time}); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { arena_.consumer("risk", {.durable = true, .from = From::at(~Tick{0})}); }),
            Code::invalid_argument);
  EXPECT_TRUE(arena_.consumers().empty());
  auto writer = arena_.writer();
  for (Tick i = 0; i < 2 * kSlots; ++i) EXPECT_TRUE(writer.try_alloc(i));
}

TEST(ConsumerOfLanesTest, ReleasesAllLanesThatItTookFrom) {
  constexpr std::uint64_t kSlots = 16;
  const test::TempName name;
  auto arena =
      Arena<std::uint64_t>::create(name, {.slots = kSlots, .writers = Writers::laned, .seats = 2, .full = Full::wait});
  std::vector<Writer<std::uint64_t>> writers;
  for (int i = 0; i < 2; ++i) writers.push_back(arena.writer());
  auto consumer = arena.consumer("risk");
  for (std::uint64_t i = 0; i < kSlots; ++i)
    for (auto& writer : writers) writer.alloc(i);
  // All of one lane, and not quite all of the one that it ends in.
  std::vector<Entry<std::uint64_t>> entries(2 * kSlots - 2);
  ASSERT_EQ(consumer.next(entries), entries.size());
  const std::uint64_t last = entries.back().seq % 2;
  EXPECT_FALSE(writers[1 - last].try_alloc(1)) << "in hand";
  EXPECT_EQ(consumer.next(std::span(entries).first(1)), 1U);
  EXPECT_TRUE(writers[1 - last].try_alloc(1));
}

TEST_P(ConsumerTest, InAForkedChildIsRefused) {
  auto consumer = arena_.consumer("risk");
  Child child([&] {
    if (code_of([&] { consumer.next(); }) != Code::forked) return 1;
    if (code_of([&] { consumer.wait_for(0ms); }) != Code::forked) return 2;
    if (code_of([&] { consumer.release(); }) != Code::forked) return 3;
    if (code_of([&] { arena_.consumers(); }) != Code::forked) return 4;
    return code_of([&] { arena_.consumer("audit"); }) == Code::forked ? 0 : 5;
  });
  EXPECT_EQ(child.end(), "exit 0");
  auto writer = arena_.writer();
  writer.alloc(1);
  EXPECT_EQ(consumer.next()->value, 1U);
}

TEST_P(ConsumerTest, OthersReadAndLookAsEver) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  auto view = ArenaView<Tick>::open(name_);
  auto reader = view.reader(From::oldest);
  for (Tick i = 0; i < 3; ++i) writer.alloc(i);
  for (Tick i = 0; i < 3; ++i) EXPECT_EQ(reader.next()->value, i);
  EXPECT_EQ(view.latest()->value, 2U);
  ASSERT_EQ(view.consumers().size(), 1U);
  EXPECT_EQ(view.consumers()[0].lag, 3U);
}

}  // namespace
}  // namespace arena_shm
