// Writers of a lossless arena: for whom they wait, and for whom they do not.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <span>

#include "unit/lossless_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::code_of;
using test::error_of;

class LosslessWriterTest : public test::LosslessTest {};
INSTANTIATE_FOR_EACH_KIND(LosslessWriterTest);

TEST_P(LosslessWriterTest, WaitsForNobodyWhereNobodyConsumes) {
  auto writer = arena_.writer();
  for (Tick i = 0; i < 10 * kSlots; ++i) ASSERT_TRUE(writer.try_alloc(i));
  EXPECT_TRUE(writer.blocked_by().empty());
}

TEST_P(LosslessWriterTest, TriesInVainWhereTheRingIsFull) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  for (Tick i = 0; i < kSlots; ++i) ASSERT_TRUE(writer.try_alloc(i)) << i;
  const std::uint64_t head = arena_.count();
  EXPECT_FALSE(writer.try_alloc(100));
  EXPECT_EQ(arena_.count(), head) << "nothing is claimed for it";
  EXPECT_EQ(consumer.next()->value, 0U);
  EXPECT_FALSE(writer.try_alloc(100)) << "the first one is in hand";
  EXPECT_EQ(consumer.next()->value, 1U);
  EXPECT_TRUE(writer.try_alloc(kSlots));
  EXPECT_FALSE(writer.try_alloc(100));
  EXPECT_EQ(take_all(consumer), range(2, kSlots + 1));
}

TEST_P(LosslessWriterTest, WaitsForTheSlowestOfAll) {
  auto writer = arena_.writer();
  auto slow = arena_.consumer("slow");
  auto quick = arena_.consumer("quick");
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_EQ(take_all(quick).size(), kSlots);
  EXPECT_FALSE(writer.try_alloc(100));
  const auto by = writer.blocked_by();
  ASSERT_EQ(by.size(), 1U);
  EXPECT_EQ(by[0].name, "slow");
  EXPECT_TRUE(by[0].in_the_way);
  EXPECT_EQ(by[0].lag, kSlots);
  EXPECT_EQ(take_all(slow).size(), kSlots);
  EXPECT_TRUE(writer.try_alloc(100));
  EXPECT_TRUE(writer.blocked_by().empty());
}

TEST_P(LosslessWriterTest, NamesWhoIsInTheWayWhenTheTimeIsOver) {
  auto writer = arena_.writer();
  Child stopped([&] {
    auto consumer = Arena<Tick>::open(name_).consumer("risk");
    ::raise(SIGSTOP);
    return 0;
  });
  ASSERT_EQ(stopped.stop_or_end(), "stopped");
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  const auto error = error_of([&] { writer.alloc_for(20ms, 100); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::timed_out);
  EXPECT_NE(error->found().find("consumer 'risk' (process " + std::to_string(stopped.pid())), std::string::npos)
      << error->what();
  EXPECT_EQ(arena_.count(), kSlots) << "nothing was claimed for it";
  const auto since = [&] { return test::SegmentFile(name_).seat(writer.seat()).waits_since_ns.load(); };
  const auto before = since();
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(code_of([&] { writer.alloc_for(1ms, 100); }), Code::timed_out);
  EXPECT_EQ(since(), before) << "it is one and the same wait";
  stopped.kill_and_reap();
  EXPECT_EQ(writer.alloc_for(10s, 100).value, 100U) << "the dead are not waited for";
}

TEST_P(LosslessWriterTest, WaitsUntilThereIsRoom) {
  constexpr Tick kValues = 20'000;
  std::vector<Consumer<Tick>> consumers;
  consumers.push_back(arena_.consumer("one"));
  consumers.push_back(arena_.consumer("two"));
  std::thread producer([&] {
    auto writer = arena_.writer();
    for (Tick i = 0; i < kValues; ++i) writer.alloc(i);
  });
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (auto& consumer : consumers)
    threads.emplace_back([&] {
      for (Tick i = 0; i < kValues;) {
        if (const auto entry = consumer.next()) {
          if (entry->value != i++) ++wrong;
        } else {
          consumer.wait_for(1s);
        }
      }
    });
  for (auto& thread : threads) thread.join();
  producer.join();
  EXPECT_EQ(wrong, 0);
  for (auto& consumer : consumers) EXPECT_EQ(consumer.read_count(), kValues);
}

TEST_P(LosslessWriterTest, PutsABatchInParts) {
  const auto values = range(0, 1000);
  auto consumer = arena_.consumer("risk");
  std::thread producer([&] {
    auto writer = arena_.writer();
    const auto where = writer.alloc(std::span<const Tick>(values));
    EXPECT_EQ(where.count, values.size());
  });
  std::vector<Tick> got;
  while (got.size() < values.size()) {
    if (const auto entry = consumer.next())
      got.push_back(entry->value);
    else
      consumer.wait_for(1s);
  }
  producer.join();
  EXPECT_EQ(got, values);
  EXPECT_EQ(consumer.hole_count(), 0U);
}

TEST_P(LosslessWriterTest, ABatchClaimsHardlyMoreThanThereIsRoomFor) {
  auto consumer = arena_.consumer("risk");
  std::thread producer([&] {
    auto writer = arena_.writer();
    writer.alloc(0);
    writer.alloc(std::span<const Tick>(range(1, 2 * kSlots)));
  });
  EXPECT_TRUE(eventually([&] { return arena_.consumers()[0].stalled > 0ms; }));
  EXPECT_LE(arena_.count(), kSlots + 1);
  std::vector<Tick> got;
  while (got.size() < 2 * kSlots) {
    if (const auto entry = consumer.next())
      got.push_back(entry->value);
    else
      consumer.wait_for(1s);
  }
  producer.join();
  EXPECT_EQ(got, range(0, 2 * kSlots));
}

TEST_P(LosslessWriterTest, SleepsWithoutTheMutex) {
  auto consumer = arena_.consumer("risk");
  for (Tick i = 0; i < kSlots; ++i) arena_.alloc(i);
  std::vector<std::thread> producers;
  for (int i = 0; i < 2; ++i) producers.emplace_back([&] { arena_.alloc(100); });
  const auto waiting = [&] {
    const auto all = arena_.consumers();
    return all[0].stalled > 0ms;
  };
  EXPECT_TRUE(eventually(waiting));
  test::SegmentFile file(name_);
  EXPECT_TRUE(eventually([&] { return file.control().mutex.load() >> 16 == 0; })) << "one may still look for room";
  for (Tick got = 0; got < kSlots + 2;) {
    if (consumer.next())
      ++got;
    else
      consumer.wait_for(1s);
  }
  for (auto& producer : producers) producer.join();
  EXPECT_EQ(arena_.count(), kSlots + 2);
}

TEST_P(LosslessWriterTest, DoesNotWaitForTheDead) {
  auto writer = arena_.writer();
  for (int round = 0; round < 5; ++round) {
    Child child([&] {
      auto consumer = Arena<Tick>::open(name_).consumer("risk");
      ::raise(SIGSTOP);
      return 0;
    });
    ASSERT_EQ(child.stop_or_end(), "stopped");
    for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
    std::thread killer([&] {
      EXPECT_TRUE(eventually([&] { return arena_.consumers()[0].stalled > 0ms; }));
      child.kill_and_reap();
    });
    writer.alloc(1);
    killer.join();
    EXPECT_TRUE(arena_.consumers().empty());
  }
}

TEST_P(LosslessWriterTest, TriesAndFindsRoomBesideTheDead) {
  auto writer = arena_.writer();
  for (const Duration timeout : {Duration{0us}, Duration{1us}}) {
    Child child([&] {
      auto consumer = Arena<Tick>::open(name_).consumer("risk");
      ::raise(SIGSTOP);
      return 0;
    });
    ASSERT_EQ(child.stop_or_end(), "stopped");
    for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
    EXPECT_FALSE(writer.try_alloc(1));
    child.kill_and_reap();
    EXPECT_TRUE(eventually([&] {
      if (timeout == Duration{0us}) return writer.try_alloc(1).has_value();
      return !code_of([&] { writer.alloc_for(timeout, 1); });
    }));
  }
}

TEST_P(LosslessWriterTest, DoesNotWaitForItsOwnThread) {
  // In a child, which has one thread for certain.
  constexpr int kNotAlone = 9;
  Child alone([&] {
    if (!core::is_only_thread()) return kNotAlone;
    auto arena = Arena<Tick>::open(name_);
    auto writer = arena.writer();
    auto consumer = arena.consumer("myself");
    for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
    if (code_of([&] { writer.alloc(100); }) != Code::would_deadlock) return 1;
    if (GetParam() == Writers::shared && code_of([&] { arena.alloc(100); }) != Code::would_deadlock) return 2;
    std::size_t got = 0;
    while (consumer.next()) ++got;
    if (got != kSlots) return 3;
    writer.alloc(7);
    const auto entry = consumer.next();
    return entry && entry->value == 7 ? 0 : 4;
  });
  const std::string end = alone.end();
  if (end == "exit " + std::to_string(kNotAlone)) GTEST_SKIP() << "what runs the test has a thread of its own";
  EXPECT_EQ(end, "exit 0");
}

TEST_P(LosslessWriterTest, EvictsWhoIsInTheWayForTooLong) {
  const test::TempName name;
  auto arena = Arena<Tick>::create(name, options(20ms));
  EXPECT_EQ(arena.info().patience, Duration(20ms));
  auto consumer = arena.consumer("risk");
  std::thread producer([&] {
    auto writer = arena.writer();
    for (Tick i = 0; i < 3 * kSlots; ++i) writer.alloc(i);
  });
  producer.join();
  ASSERT_EQ(arena.consumers().size(), 1U);
  EXPECT_EQ(arena.consumers()[0].life, ConsumerLife::evicted);
  const auto error = error_of([&] { consumer.next(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::evicted);
  EXPECT_NE(error->found().find("risk"), std::string::npos);
  EXPECT_EQ(take_all(consumer), range(2 * kSlots, 3 * kSlots)) << "and goes on";
  EXPECT_EQ(consumer.overwritten_count(), 2 * kSlots);
  EXPECT_EQ(arena.consumers()[0].life, ConsumerLife::alive);
}

TEST_P(LosslessWriterTest, TriesUntilItHasNoPatienceAnyMore) {
  const test::TempName name;
  auto arena = Arena<Tick>::create(name, options(20ms));
  auto consumer = arena.consumer("risk");
  auto writer = arena.writer();
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_TRUE(eventually([&] { return writer.try_alloc(1).has_value(); }));
  EXPECT_EQ(arena.consumers()[0].life, ConsumerLife::evicted);
}

TEST_P(LosslessWriterTest, CanBeMadeFreeByEvictingSomebody) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  EXPECT_EQ(code_of([&] { arena_.evict_consumer("rusk"); }), Code::not_found);
  arena_.evict_consumer("risk");
  for (Tick i = kSlots; i < 2 * kSlots; ++i) EXPECT_TRUE(writer.try_alloc(i));
  EXPECT_EQ(code_of([&] { consumer.wait_for(0ms); }), Code::evicted);
  EXPECT_EQ(take_all(consumer), range(kSlots, 2 * kSlots));
  writer.alloc(100);
  EXPECT_EQ(take_all(consumer), range(100, 101));
}

TEST_P(LosslessWriterTest, OptionsAreComparedWhenItIsOpened) {
  EXPECT_FALSE(code_of([&] { Arena<Tick>::open_or_create(name_, options()); }));
  const auto differs = [&](auto change) {
    Options other = options();
    change(other);
    return code_of([&] { Arena<Tick>::open_or_create(name_, other); });
  };
  EXPECT_EQ(differs([](Options& o) { o.full = Full::overwrite; }), Code::incompatible_options);
  EXPECT_EQ(differs([](Options& o) { o.consumers = 4; }), Code::incompatible_options);
  EXPECT_EQ(differs([](Options& o) { o.patience = 1s; }), Code::incompatible_options);
  EXPECT_EQ(differs([](Options& o) { o.consumers = 0; }), Code::invalid_argument);
  EXPECT_EQ(differs([](Options& o) { o.consumers = 257; }), Code::invalid_argument);
}

}  // namespace
}  // namespace arena_shm
