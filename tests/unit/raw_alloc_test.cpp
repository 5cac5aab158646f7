// Appends of RawArena and RawWriter that do not wait, and batches that say where each value went.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/core/mutex.hpp"
#include "arena_shm/raw.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::code_of;
using test::TempName;
using Value = std::uint64_t;

std::span<const std::byte> bytes_of(const Value& value) { return std::as_bytes(std::span(&value, 1)); }

class RawAllocTest : public ::testing::TestWithParam<Writers> {
 protected:
  static constexpr std::uint64_t kSlots = 8;

  static Options options(Full full) {
    return {.slots = kSlots, .writers = GetParam(), .seats = 3, .full = full, .consumers = 2};
  }

  TempName name_;
};

TEST_P(RawAllocTest, TryAllocAppendsWhereNothingIsInTheWay) {
  const auto typed = Arena<Value>::create(name_, options(Full::overwrite));
  auto raw = RawArena::open(name_);
  for (Value i = 0; i < 200; ++i) {  // more than it takes to reserve the mutex
    const auto seq = raw.try_alloc(bytes_of(i));
    ASSERT_TRUE(seq);
    EXPECT_EQ(*typed.read(*seq), i);
  }
  EXPECT_EQ(raw.count(), 200U);
  EXPECT_EQ(code_of([&] { raw.try_alloc({}); }), Code::invalid_argument);
}

TEST_P(RawAllocTest, TryAllocIsEmptyWhereThereIsNoRoomAndTakesNoNumber) {
  auto typed = Arena<Value>::create(name_, options(Full::wait));
  auto consumer = typed.consumer("slow");
  auto raw = RawArena::open(name_);
  const Value value = 7;
  for (std::uint64_t i = 0; i < kSlots; ++i) EXPECT_TRUE(raw.try_alloc(bytes_of(value)));
  EXPECT_EQ(raw.try_alloc(bytes_of(value)), std::nullopt);
  std::thread beside([&] { EXPECT_EQ(raw.try_alloc(bytes_of(value), 20ms), std::nullopt); });  // a process of two
  beside.join();
  EXPECT_EQ(raw.count(), kSlots);
  while (consumer.next()) {
  }
  consumer.wait_for(0ms);
  EXPECT_TRUE(raw.try_alloc(bytes_of(value), 10s));
}

TEST_P(RawAllocTest, TryAllocWaitsUntilThereIsRoom) {
  auto typed = Arena<Value>::create(name_, options(Full::wait));
  auto consumer = typed.consumer("slow");
  auto raw = RawArena::open(name_);
  const Value value = 7;
  for (std::uint64_t i = 0; i < kSlots; ++i) EXPECT_TRUE(raw.try_alloc(bytes_of(value)));
  std::thread waits([&] { EXPECT_TRUE(raw.try_alloc(bytes_of(value), 60s)); });
  std::this_thread::sleep_for(5ms);
  while (consumer.next()) {
  }
  consumer.wait_for(0ms);
  waits.join();
}

TEST_P(RawAllocTest, AWriterWaitsForSoLongAndNoLonger) {
  auto typed = Arena<Value>::create(name_, options(Full::wait));
  auto consumer = typed.consumer("slow");
  auto raw = RawArena::open(name_);
  auto writer = raw.writer();
  const Value value = 7;
  for (std::uint64_t i = 0; i < kSlots; ++i) EXPECT_TRUE(writer.try_alloc(bytes_of(value)));
  std::thread beside([&] { EXPECT_EQ(writer.try_alloc(bytes_of(value), 10ms), std::nullopt); });
  beside.join();
  EXPECT_EQ(raw.count(), kSlots);
}

TEST_P(RawAllocTest, BatchesSayWhereEachValueWent) {
  const auto typed = Arena<Value>::create(name_, options(Full::overwrite));
  auto raw = RawArena::open(name_);
  auto writer = raw.writer();
  std::vector<Value> values(3 * kSlots + 5);
  std::vector<std::uint64_t> seqs(values.size());
  for (Value i = 0; i < values.size(); ++i) values[i] = i + 100;
  const SeqRange range = writer.alloc_batch(std::as_bytes(std::span(values)), seqs);
  EXPECT_EQ(range.count, values.size());
  EXPECT_EQ(range.first, seqs.front());
  EXPECT_EQ(range.last, seqs.back());
  for (std::size_t i = values.size() - kSlots; i < values.size(); ++i) EXPECT_EQ(*typed.read(seqs[i]), values[i]);
  for (std::size_t i = 1; i < seqs.size(); ++i) EXPECT_EQ(seqs[i] - seqs[i - 1], typed.lanes());
  EXPECT_EQ(code_of([&] { writer.alloc_batch(std::as_bytes(std::span(values)), std::span(seqs).first(3)); }),
            Code::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Kinds, RawAllocTest, ::testing::Values(Writers::shared, Writers::exclusive, Writers::laned));

TEST(RawAllocTest, TryAllocDoesNotWaitForWhoHoldsTheMutex) {
  const TempName name;
  const auto typed = Arena<Value>::create(name, {.slots = 64});
  auto raw = RawArena::open(name);
  auto holder = raw.writer();
  test::SegmentFile file(name);
  const std::uint64_t session = file.seat(holder.seat()).session.load();
  const Value value = 7;
  EXPECT_EQ(raw.try_alloc(bytes_of(value)), 0U);
  // As if that seat's owner, who lives, had been stopped inside of Arena::alloc.
  file.control().mutex = core::mutex_owned_by(holder.seat() + 1, session);
  EXPECT_EQ(raw.try_alloc(bytes_of(value)), std::nullopt);
  EXPECT_EQ(raw.try_alloc(bytes_of(value), 5ms), std::nullopt);
  EXPECT_EQ(raw.count(), 1U);
  std::thread goes_on([&] {
    std::this_thread::sleep_for(5ms);
    file.control().mutex = 0;
  });
  EXPECT_EQ(raw.try_alloc(bytes_of(value), 60s), 1U);
  goes_on.join();
  EXPECT_EQ(raw.try_alloc(bytes_of(value)), 2U);
}

}  // namespace
}  // namespace arena_shm
