// Described record types: what stands in the segment, and what is said where two sides differ.
#include "arena_shm/describe.hpp"

#include <gtest/gtest.h>

#include <string>

#include "arena_shm/arena.hpp"
#include "arena_shm/raw.hpp"
#include "support/described_tick.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::TempName;
using test::Tick;

struct Quote {
  std::uint64_t ts;
  double px;
  std::uint32_t qty;
};
BOOST_DESCRIBE_STRUCT(Quote, (), (ts, px, qty))

// As Quote, but for one member's type, one that is missing and one that is more.
struct OtherQuote {
  std::uint64_t ts;
  float px;
  std::uint32_t lots;
  std::uint64_t id;
};
BOOST_DESCRIBE_STRUCT(OtherQuote, (), (ts, px, lots, id))

struct Vector {
  float x;
  float y;
};
BOOST_DESCRIBE_STRUCT(Vector, (), (x, y))

struct Body {
  Vector accel;
  Vector gyro[2];
};
BOOST_DESCRIBE_STRUCT(Body, (), (accel, gyro))

struct Sample {
  std::uint64_t ts;
  Body body;
  Vector at;
};
BOOST_DESCRIBE_STRUCT(Sample, (), (ts, body, at))

}  // namespace

template <>
inline constexpr auto kFieldNotes<Body> =
    std::array{FieldNote{.field = "accel", .unit = "m/s2"}, FieldNote{.field = "gyro", .unit = "rad/s"}};
template <>
inline constexpr auto kFieldNotes<Sample> =
    std::array{FieldNote{.field = "ts", .unit = "ns", .is_time = true}, FieldNote{.field = "body.accel.y", .unit = "g"},
               FieldNote{.field = "at", .unit = "m"}};

namespace {

struct Plain {
  std::uint64_t ts;
};

template <class T>
std::string schema_of() {
  return RecordTraits<T>::describe().schema;
}

TEST(DescribeTest, WritesFieldsAsNumpyReadsThem) {
  EXPECT_EQ(schema_of<Quote>(),
            R"({"names":["ts","px","qty"],"formats":["<u8","<f8","<u4"],"offsets":[0,8,16],"itemsize":24})");
}

TEST(DescribeTest, LaysBasesStructsAndArraysFlat) {
  const std::string text = schema_of<Tick>();
  EXPECT_NE(text.find(R"("names":["source","ts","px","side","last","sym","leg.px","leg.steps","legs[0].px",)"
                      R"("legs[0].steps","legs[1].px","legs[1].steps","depth","venues"])"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("formats":["<u8","<u8","<f8","i1","?","S8","<f4","(2,3)<i2","<f4","(2,3)<i2","<f4",)"
                      R"("(2,3)<i2","(3,)<f8","(2,)S4"])"),
            std::string::npos)
      << text;
  const std::string leg = std::to_string(test::offset_in_tick(&Tick::leg));
  EXPECT_NE(text.find(',' + leg + ','), std::string::npos) << text;
  EXPECT_NE(text.find(R"("itemsize":)" + std::to_string(sizeof(Tick))), std::string::npos) << text;
}

TEST(DescribeTest, NotesGoIntoTheMetadata) {
  const std::string text = schema_of<Tick>();
  EXPECT_TRUE(text.ends_with(R"("metadata":{"fields":{"ts":{"unit":"ns"},"px":{"unit":"USD"},)"
                             R"("side":{"enum":{"none":-1,"buy":0,"sell":1}}},"time":"ts"}})"))
      << text;
}

TEST(DescribeTest, NotesReachIntoStructs) {
  const std::string text = schema_of<Sample>();
  EXPECT_NE(text.find(R"("metadata":{"fields":{"ts":{"unit":"ns"},"body.accel.x":{"unit":"m/s2"},)"
                      R"("body.accel.y":{"unit":"g"},"body.gyro[0].x":{"unit":"rad/s"},)"
                      R"("body.gyro[0].y":{"unit":"rad/s"},"body.gyro[1].x":{"unit":"rad/s"},)"
                      R"("body.gyro[1].y":{"unit":"rad/s"},"at.x":{"unit":"m"},"at.y":{"unit":"m"}},"time":"ts"})"),
            std::string::npos)
      << text;
}

TEST(DescribeTest, StandsInTheSegment) {
  const TempName name;
  const auto arena = Arena<Quote>::create(name, {.slots = 2});
  EXPECT_EQ(ArenaView<Quote>::open(name).info().record.schema, schema_of<Quote>());
  EXPECT_EQ(RawView::open(name.str()).info().record.schema, schema_of<Quote>());
}

TEST(DescribeTest, ADifferenceIsShownFieldByField) {
  const TempName name;
  const auto arena = Arena<Quote>::create(name, {.slots = 2});
  try {
    Arena<OtherQuote>::open(name);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::incompatible_type);
    EXPECT_NE(error.expected().find("with px <f4 at 8, lots <u4 at 12, id <u8 at 16, no qty"), std::string::npos)
        << error.expected();
    EXPECT_NE(error.found().find("with px <f8 at 8, no lots, no id, qty <u4 at 16"), std::string::npos)
        << error.found();
    EXPECT_EQ(error.expected().find("ts <u8"), std::string::npos) << "they agree in that";
  }
}

TEST(DescribeTest, SchemasAreComparedWhereNamesAreUnknown) {
  const TempName name;
  const RawArena made = RawArena::create(
      name.str(), {.name = {}, .size_bytes = 24, .align_bytes = 8, .schema = schema_of<Quote>()}, {.slots = 2});
  EXPECT_NO_THROW(Arena<Quote>::open(name));
  EXPECT_THROW(Arena<OtherQuote>::open(name), Error);
}

TEST(DescribeTest, NotesAloneKeepNobodyOut) {
  const TempName name;
  std::string noted = schema_of<Quote>();
  noted.insert(noted.size() - 1, R"(,"metadata":{"fields":{"px":{"unit":"EUR"}}})");
  const RawArena made =
      RawArena::create(name.str(), {.name = {}, .size_bytes = 24, .align_bytes = 8, .schema = noted}, {.slots = 2});
  EXPECT_NO_THROW(Arena<Quote>::open(name));
}

TEST(DescribeTest, ATextOfAnotherFormIsSimplyAnotherSchema) {
  const TempName name;
  const RawArena made =
      RawArena::create(name.str(), {.name = {}, .size_bytes = 24, .align_bytes = 8, .schema = "{}"}, {.slots = 2});
  EXPECT_THROW(Arena<Quote>::open(name), Error);
}

TEST(DescribeTest, TypesThatAreNotDescribedHaveNone) {
  EXPECT_EQ(schema_of<Plain>(), "");
  EXPECT_EQ(schema_of<std::uint64_t>(), "");
}

}  // namespace
}  // namespace arena_shm
