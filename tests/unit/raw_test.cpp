// The interface without a type: the same ring, byte for byte.
#include "arena_shm/raw.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
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
  EXPECT_EQ(raw_.alloc(bytes_of(second)), 1U);
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
