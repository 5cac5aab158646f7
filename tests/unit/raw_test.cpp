// The interface without a type: the same ring, byte for byte.
#include "arena_shm/raw.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/checked_value.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::code_of;
using test::TempName;
using Value = test::CheckedValue<21>;

std::span<const std::byte> bytes_of(const Value& value) { return std::as_bytes(std::span(&value, 1)); }

class RawTest : public ::testing::Test {
 protected:
  Value read(std::uint64_t seq) const {
    Value value;
    EXPECT_EQ(raw_.read(seq, std::as_writable_bytes(std::span(&value, 1))), ReadStatus::ok);
    return value;
  }

  TempName name_;
  Arena<Value> typed_ = Arena<Value>::create(name_, {.slots = 5});
  RawArena raw_ = RawArena::open(name_);
};

TEST_F(RawTest, FindsWhatTheTypedSideWroteAndTheOtherWayRound) {
  const Value first = Value::make(1, 1);
  const Value second = Value::make(1, 2);
  const Value third = Value::make(1, 3);
  EXPECT_EQ(typed_.alloc(first).seq, 0U);
  std::uint64_t time = 1;
  EXPECT_EQ(raw_.alloc(bytes_of(second), &time), 1U);
  EXPECT_EQ(time, 0U);  // an arena without times
  auto writer = raw_.writer("raw");
  EXPECT_EQ(writer.alloc(bytes_of(third)), 2U);
  EXPECT_EQ(writer.try_alloc(bytes_of(first)), 3U);
  EXPECT_EQ(read(0), first);
  EXPECT_EQ(*typed_.read(1), second);
  EXPECT_EQ(*typed_.read(2), third);
  EXPECT_EQ(read(3), first);
  EXPECT_EQ(raw_.head(), 4U);
  EXPECT_EQ(raw_.slots(), 5U);
  EXPECT_EQ(raw_.info().record.size_bytes, 21U);
  EXPECT_EQ(*reinterpret_cast<const Value*>(raw_.ptr_at(7)), third);
}

TEST_F(RawTest, BatchesAndReadersAgree) {
  std::vector<Value> values;
  for (std::uint64_t i = 0; i < 12; ++i) values.push_back(Value::make(2, i));
  auto writer = raw_.writer();
  const SeqRange range = writer.alloc_batch(std::as_bytes(std::span(values)));
  EXPECT_EQ(range.count, 12U);
  EXPECT_EQ(range.last, 11U);
  auto reader = RawView::open(name_).reader(From::oldest);
  Value value;
  const auto target = std::as_writable_bytes(std::span(&value, 1));
  EXPECT_TRUE(reader.wait_for(std::chrono::nanoseconds{0}));
  for (std::uint64_t seq = 7; seq < 12; ++seq) {
    EXPECT_EQ(reader.next(target), seq);
    EXPECT_EQ(value, values[seq]);
  }
  EXPECT_EQ(reader.next(target), std::nullopt);
  EXPECT_EQ(reader.read_count(), 5U);
  EXPECT_EQ(writer.alloc_batch({}).count, 0U);
}

TEST_F(RawTest, ABatchIsReadWithWhatCameWithIt) {
  const TempName name;
  auto arena = RawArena::create(name, {"", 21, 1, ""}, {.slots = 8, .writers = Writers::exclusive, .time = true});
  std::vector<Value> values;
  for (std::uint64_t i = 0; i < 5; ++i) values.push_back(Value::make(4, i));
  auto writer = arena.writer();
  writer.alloc_batch(std::as_bytes(std::span(values)).first(3 * sizeof(Value)));
  const std::uint64_t time = writer.time();
  EXPECT_GT(time, 0U);
  writer.alloc(bytes_of(values[3]));
  auto reader = arena.reader(From::oldest);
  std::vector<Value> found(8);
  std::vector<Arrival> arrivals(8);
  EXPECT_EQ(reader.next_batch(std::as_writable_bytes(std::span(found).first(2)), std::span(arrivals).first(2)), 2U);
  EXPECT_EQ(found[1], values[1]);
  EXPECT_EQ(reader.next_batch(std::as_writable_bytes(std::span(found)), arrivals), 2U);
  EXPECT_EQ(found[0], values[2]);
  EXPECT_EQ(found[1], values[3]);
  EXPECT_EQ(arrivals[0].seq, 2U);
  EXPECT_EQ(arrivals[0].time, time);
  EXPECT_EQ(arrivals[1].seq, 3U);
  EXPECT_EQ(arrivals[1].time, writer.time());
  EXPECT_FALSE(arrivals[1].late);
  EXPECT_FALSE(arrivals[1].redelivered);
  EXPECT_EQ(code_of([&] { reader.next_batch(std::as_writable_bytes(std::span(found)), std::span(arrivals).first(7)); }),
            Code::invalid_argument);
}

TEST_F(RawTest, AMembersBatchIsMarkedWhereAnotherHadIt) {
  const TempName name;
  auto arena = RawArena::create(name, {"", 21, 1, ""}, {.slots = 32, .full = Full::wait});
  std::optional<RawConsumer> first = arena.consumer("workers", {.share = true});
  auto second = arena.consumer("workers", {.share = true});
  for (std::uint64_t i = 0; i < 20; ++i) arena.alloc(bytes_of(Value::make(5, i)));
  std::vector<Value> found(20);
  std::vector<Arrival> arrivals(20);
  const auto batch = [&](RawConsumer& consumer) {
    return consumer.next_batch(std::as_writable_bytes(std::span(found)), arrivals);
  };
  EXPECT_EQ(batch(*first), 15U);
  EXPECT_EQ(found[14], Value::make(5, 14));
  EXPECT_FALSE(arrivals[14].redelivered);
  first.reset();
  std::vector<bool> seen(20);
  for (std::size_t count = 0; (count = batch(second)) > 0;) {
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(found[i], Value::make(5, arrivals[i].seq));
      EXPECT_EQ(arrivals[i].redelivered, arrivals[i].seq < 15) << arrivals[i].seq;
      seen[arrivals[i].seq] = true;
    }
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 20);
}

TEST_F(RawTest, SpansOfAnotherSizeAreRefused) {
  std::vector<std::byte> bytes(64);
  auto writer = raw_.writer();
  auto reader = raw_.reader(From::oldest);
  for (const std::size_t size : {std::size_t{0}, std::size_t{20}, std::size_t{22}, std::size_t{42}}) {
    const std::span<std::byte> span(bytes.data(), size);
    EXPECT_EQ(code_of([&] { raw_.alloc(span); }), Code::invalid_argument) << size;
    EXPECT_EQ(code_of([&] { raw_.read(0, span); }), Code::invalid_argument) << size;
    EXPECT_EQ(code_of([&] { writer.alloc(span); }), Code::invalid_argument) << size;
    EXPECT_EQ(code_of([&] { writer.try_alloc(span); }), Code::invalid_argument) << size;
    EXPECT_EQ(code_of([&] { reader.next(span); }), Code::invalid_argument) << size;
  }
  EXPECT_EQ(code_of([&] { writer.alloc_batch(std::span(bytes.data(), 43)); }), Code::invalid_argument);
  EXPECT_EQ(raw_.head(), 0U);
}

TEST_F(RawTest, RefusesImpossibleRecords) {
  const TempName name;
  const auto code_with = [&](const RecordType& record) {
    return code_of([&] { RawArena::create(name, record, {.slots = 1}); });
  };
  EXPECT_EQ(code_with({"", 0, 8, ""}), Code::invalid_argument);
  EXPECT_EQ(code_with({"", std::uint64_t{1} << 32, 8, ""}), Code::invalid_argument);
  EXPECT_EQ(code_with({"", 8, 0, ""}), Code::invalid_argument);
  EXPECT_EQ(code_with({"", 8, 12, ""}), Code::invalid_argument);
  EXPECT_EQ(code_with({"", 8, 1 << 20, ""}), Code::invalid_argument);
  EXPECT_EQ(code_with({std::string(248, 'n'), 8, 8, ""}), Code::invalid_argument);
  EXPECT_EQ(code_with({"", 8, 8, std::string((1 << 20) + 1, 's')}), Code::invalid_argument);
  EXPECT_EQ(code_with({std::string(247, 'n'), 8, 8, std::string(1 << 20, 's')}), std::nullopt);
  EXPECT_EQ(RawView::open(name).info().record.schema.size(), std::size_t{1} << 20);
  EXPECT_EQ(RawView::open(name).info().record.name, std::string(247, 'n'));
}

TEST_F(RawTest, UnknownNamesAndSchemasAgreeWithAll) {
  const TempName name;
  const RecordType unknown{"", 21, 1, ""};
  const auto arena = RawArena::create(name, {"named", 21, 1, "{}"}, {.slots = 2});
  EXPECT_EQ(code_of([&] { RawArena::open_or_create(name, unknown, {.slots = 2}); }), std::nullopt);
  EXPECT_EQ(code_of([&] {
              RawArena::open_or_create(name, {"other", 21, 1, ""}, {.slots = 2});
            }),
            Code::incompatible_type);
  EXPECT_EQ(code_of([&] { RawArena::open_or_create(name, {"", 21, 1, "[]"}, {.slots = 2}); }), Code::incompatible_type);
  EXPECT_EQ(code_of([&] { RawArena::open_or_create(name, {"", 22, 1, ""}, {.slots = 2}); }), Code::incompatible_type);
}

}  // namespace
}  // namespace arena_shm
