// Numbers that are left out: in lanes, in the order of time, in lossless arenas, and without a type.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/raw.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"
#include "unit/advance_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using namespace test;

TEST(AdvanceOthersTest, ALaneGoesOnAtItsFirstNumberFromThereOn) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = kLap, .writers = Writers::laned, .seats = 3});
  auto first = arena.writer();
  auto second = arena.writer();
  EXPECT_EQ(second.advance_to(9), 3U) << "1, 4 and 7";
  EXPECT_EQ(second.alloc(100).seq, 10U);
  EXPECT_EQ(second.advance_to(13), 0U);
  EXPECT_EQ(arena.read(4).status, ReadStatus::hole);
  EXPECT_EQ(arena.read(3).status, ReadStatus::not_yet) << "another lane's";
  EXPECT_EQ(first.alloc(0).seq, 0U);
  EXPECT_EQ(code_of([&] { second.advance_to(10); }), Code::invalid_argument);
}

TEST(AdvanceOthersTest, AnotherLaneIsNotHeldUpInTheOrderOfTime) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = kLap, .writers = Writers::laned, .seats = 2, .time = true});
  auto first = arena.writer();
  auto second = arena.writer();
  auto reader = arena.reader(From::oldest, {.hold = 1h, .order = Order::time});
  first.alloc(0);
  second.advance_to(4 * kLap);
  EXPECT_EQ(rest_of(reader), (Seqs{0}));
  const std::uint64_t seq = 4 * kLap + 1;
  second.alloc(seq * 10);
  first.alloc(20);
  EXPECT_EQ(rest_of(reader), (Seqs{seq, 2}));
  EXPECT_EQ(reader.hole_count(), 2 * kLap);
  EXPECT_EQ(reader.passed_over_count(), 0U);
  EXPECT_TRUE(reader.is_exact());
}

TEST(AdvanceOthersTest, AWriterThatWaitsForConsumersWaitsForHolesToBeReleasedToo) {
  const TempName name;
  auto arena =
      Numbers::create(name, {.slots = kLap, .writers = Writers::exclusive, .full = Full::wait, .consumers = 2});
  auto writer = arena.writer();
  auto consumer = arena.consumer("all");
  writer.alloc(0);
  writer.advance_to(3 * kLap);
  EXPECT_EQ(writer.try_alloc(1), std::nullopt) << "value 0 is not done with";
  EXPECT_EQ(consumer.next()->seq, 0U);
  EXPECT_EQ(consumer.next(), std::nullopt);
  EXPECT_EQ(consumer.hole_count(), 3 * kLap - 1);
  consumer.release();
  EXPECT_EQ(writer.try_alloc(3 * kLap * 10)->seq, 3 * kLap);
  EXPECT_EQ(consumer.next()->seq, 3 * kLap);
}

TEST(AdvanceOthersTest, AMemberOfAGroupGoesOnBehindThem) {
  const TempName name;
  auto arena =
      Numbers::create(name, {.slots = kLap, .writers = Writers::exclusive, .full = Full::wait, .consumers = 3});
  auto writer = arena.writer();
  auto member = arena.consumer("group", {.share = true});
  writer.alloc(0);
  writer.advance_to(5 * kLap);
  EXPECT_EQ(member.next()->seq, 0U);
  EXPECT_EQ(member.next(), std::nullopt);
  member.release();
  EXPECT_EQ(writer.try_alloc(1)->seq, 5 * kLap);
  EXPECT_EQ(member.next()->seq, 5 * kLap);
  EXPECT_EQ(member.hole_count(), 5 * kLap - 1);
}

TEST(AdvanceOthersTest, AWriterWithoutATypeDoesTheSame) {
  const TempName name;
  auto arena = RawArena::create(name.str(), {.name = {}, .size_bytes = 8, .schema = {}},
                                {.slots = kLap, .writers = Writers::exclusive});
  auto writer = arena.writer();
  EXPECT_EQ(writer.advance_to(7), 7U);
  EXPECT_EQ(writer.alloc(std::vector<std::byte>(8)), 7U);
}

}  // namespace
}  // namespace arena_shm
