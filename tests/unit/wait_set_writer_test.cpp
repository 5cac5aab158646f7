// Writers of lossless arenas that wait for room by a WaitSet.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <thread>

#include "arena_shm/raw.hpp"
#include "arena_shm/wait_set.hpp"
#include "unit/wait_set_writer_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using std::chrono::hours;
using test::Child;
using test::code_of;

class WaitSetWriterTest : public test::WritersInASet {};
INSTANTIATE_FOR_EACH_KIND(WaitSetWriterTest);

TEST_P(WaitSetWriterTest, IsReadyWhereTryAllocFindsRoom) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  set_.add(writer);
  for (Tick i = 0; i < 5 * kSlots; ++i) {
    const bool ready = set_.wait_for(0ms);
    EXPECT_EQ(set_.is_ready(writer), ready);
    ASSERT_EQ(writer.try_alloc(i).has_value(), ready) << i;
    if (!ready) {
      while (consumer.next()) {
      }
    }
  }
  EXPECT_GT(consumer.read_count(), 3 * kSlots);
  EXPECT_EQ(consumer.overwritten_count(), 0U);
}

TEST_P(WaitSetWriterTest, OfAnArenaThatOverwritesIsAlwaysReady) {
  const test::TempName name;
  auto raw = RawArena::create(name, {"", 3, 1, ""}, {.slots = 2, .writers = GetParam(), .seats = 2});
  auto writer = raw.writer();
  set_.add(writer);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(set_.wait_for(hours::max()));
    EXPECT_TRUE(set_.is_ready(writer));
    writer.alloc(std::array<std::byte, 3>{});
  }
  set_.remove(writer);
  EXPECT_FALSE(set_.wait_for(0ms));
}

TEST_P(WaitSetWriterTest, ARawOneOfALosslessArenaWaits) {
  auto raw = RawArena::open(name_);
  auto writer = raw.writer();
  auto consumer = raw.consumer("risk");
  std::array<std::byte, sizeof(Tick)> value{};
  set_.add(writer);
  while (writer.try_alloc(value)) {
  }
  EXPECT_FALSE(set_.wait_for(1ms));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(consumer.next(value));
  EXPECT_TRUE(set_.wait_for(hours::max()));
  EXPECT_TRUE(set_.is_ready(writer));
}

TEST_P(WaitSetWriterTest, AReleaseWakesIt) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  set_.add(writer);
  fill(writer);
  while_asleep([&] { EXPECT_TRUE(set_.wait_for(hours::max())); },
               [&] { EXPECT_EQ(take_all(consumer).size(), kSlots); });
  EXPECT_TRUE(set_.is_ready(writer));
  EXPECT_TRUE(writer.try_alloc(1));
}

TEST_P(WaitSetWriterTest, AConsumersLeavingWakesIt) {
  auto writer = arena_.writer();
  std::optional<Consumer<Tick>> consumer(arena_.consumer("risk"));
  set_.add(writer);
  fill(writer);
  while_asleep([&] { EXPECT_TRUE(set_.wait_for(hours::max())); }, [&] { consumer.reset(); });
  EXPECT_TRUE(writer.try_alloc(1));
}

TEST_P(WaitSetWriterTest, AnEvictionWakesIt) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  set_.add(writer);
  fill(writer);
  while_asleep([&] { EXPECT_TRUE(set_.wait_for(hours::max())); }, [&] { arena_.evict_consumer("risk"); });
  EXPECT_TRUE(writer.try_alloc(1));
}

TEST_P(WaitSetWriterTest, DoesNotWaitForTheDead) {
  auto writer = arena_.writer();
  set_.add(writer);
  Child child = stopped_consumer();
  fill(writer);
  while_asleep([&] { EXPECT_TRUE(set_.wait_for(hours::max())); }, [&] { child.kill_and_reap(); });
  EXPECT_TRUE(writer.try_alloc(1));
  EXPECT_TRUE(arena_.consumers().empty());
}

TEST_P(WaitSetWriterTest, OneLookFindsTheDead) {
  auto writer = arena_.writer();
  set_.add(writer);
  Child child = stopped_consumer();
  fill(writer);
  EXPECT_FALSE(set_.wait_for(0ms));
  child.kill_and_reap();
  EXPECT_TRUE(eventually([&] { return set_.wait_for(0ms); }));
}

TEST_P(WaitSetWriterTest, EvictsWhoIsInTheWayForTooLong) {
  const test::TempName name;
  auto arena = Arena<Tick>::create(name, options(20ms));
  auto writer = arena.writer();
  auto consumer = arena.consumer("risk");
  set_.add(writer);
  fill(writer);
  EXPECT_FALSE(set_.wait_for(0ms)) << "not yet";
  EXPECT_TRUE(set_.wait_for(hours::max()));
  EXPECT_EQ(arena.consumers()[0].life, ConsumerLife::evicted);
  EXPECT_TRUE(writer.try_alloc(1));
  EXPECT_EQ(code_of([&] { consumer.next(); }), Code::evicted);
}

TEST_P(WaitSetWriterTest, WaitsTogetherWithOthersOfOtherArenas) {
  const test::TempName name;
  const test::TempName overwritten;
  auto other = Arena<Tick>::create(name, options());
  auto news = Arena<Tick>::create(overwritten, {.slots = 4, .seats = 2});
  auto writer = arena_.writer();
  auto other_writer = other.writer();
  auto consumer = arena_.consumer("risk");
  auto other_consumer = other.consumer("risk");
  auto reader = news.reader(From::oldest);
  set_.add(writer);
  set_.add(reader);
  set_.add(other_writer);
  for (int round = 0; round < 20; ++round) {
    while (writer.try_alloc(1)) {
    }
    while (other_writer.try_alloc(1)) {
    }
    EXPECT_FALSE(set_.wait_for(0ms));
    const int which = round % 3;
    while_asleep([&] { EXPECT_TRUE(set_.wait_for(hours::max())); },
                 [&] {
                   if (which == 0) take_all(consumer);
                   if (which == 1) news.alloc(1);
                   if (which == 2) take_all(other_consumer);
                 });
    EXPECT_EQ(set_.is_ready(writer), which == 0);
    EXPECT_EQ(set_.is_ready(reader), which == 1);
    EXPECT_EQ(set_.is_ready(other_writer), which == 2);
    EXPECT_EQ(reader.next().has_value(), which == 1);
  }
}

/// A thread that hands on what it gets, and waits for both ends at once.
TEST_P(WaitSetWriterTest, ARelayWaitsForWhatComesAndForRoom) {
  constexpr Tick kValues = 20'000;
  const test::TempName name;
  auto out = Arena<Tick>::create(name, options());
  auto in_consumer = arena_.consumer("relay");
  auto consumer = out.consumer("end");
  std::thread producer([&] {
    auto writer = arena_.writer();
    for (Tick i = 0; i < kValues; ++i) writer.alloc(i);
  });
  std::thread relay([&] {
    auto writer = out.writer();
    std::optional<Tick> in_hand;
    set_.add(in_consumer);
    for (Tick done = 0; done < kValues;) {
      ASSERT_TRUE(set_.wait_for(100s));
      if (in_hand && writer.try_alloc(*in_hand)) {
        in_hand.reset();
        set_.remove(writer);
        set_.add(in_consumer);
        ++done;
      } else if (!in_hand) {
        const auto entry = in_consumer.next();
        if (!entry) continue;
        in_hand = entry->value;
        set_.remove(in_consumer);
        set_.add(writer);
      }
    }
  });
  Tick next = 0;
  while (next < kValues && consumer.wait_for(100s)) {
    while (const auto entry = consumer.next()) ASSERT_EQ(entry->value, next++);
  }
  EXPECT_EQ(next, kValues);
  producer.join();
  relay.join();
}

}  // namespace
}  // namespace arena_shm
