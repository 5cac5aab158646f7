// Times as text, to the ends of what an integer holds.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "schema/fields_language.hpp"
#include "schema/record_formatter.hpp"
#include "text/time_text.hpp"

namespace arena_shm::schema {
namespace {

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kMostUnsigned = std::numeric_limits<std::uint64_t>::max();

constexpr std::int64_t kSeconds = 1;
constexpr std::int64_t kMilliseconds = 1'000;
constexpr std::int64_t kMicroseconds = 1'000'000;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

std::string iso(std::int64_t since_1970, std::int64_t units_per_second) {
  return text::time_text(since_1970, units_per_second);
}

TEST(TimeTextTest, DaysAreThoseOfTheCalendar) {
  EXPECT_EQ(iso(0, kSeconds), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso(951'782'400, kSeconds), "2000-02-29T00:00:00Z");
  EXPECT_EQ(iso(1'700'000'000'123'456, kMicroseconds), "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(iso(253'402'300'799, kSeconds), "9999-12-31T23:59:59Z");
  EXPECT_EQ(iso(253'402'300'800, kSeconds), "10000-01-01T00:00:00Z");
  EXPECT_EQ(iso(-62'135'596'801, kSeconds), "0000-12-31T23:59:59Z");
  EXPECT_EQ(iso(-62'167'219'201, kSeconds), "-0001-12-31T23:59:59Z");
}

TEST(TimeTextTest, BeforeTheEpochPartsOfASecondCountForwards) {
  EXPECT_EQ(iso(-1, kSeconds), "1969-12-31T23:59:59Z");
  EXPECT_EQ(iso(-1, kMilliseconds), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso(-1, kMicroseconds), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(iso(-1, kNanoseconds), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(iso(-1'000, kMilliseconds), "1969-12-31T23:59:59.000Z");
}

TEST(TimeTextTest, TheEndsOfTheRangeAreTimesLikeOthers) {
  EXPECT_EQ(iso(kLeast, kNanoseconds), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(iso(kLeast + 1, kNanoseconds), "1677-09-21T00:12:43.145224193Z");
  EXPECT_EQ(iso(kMost, kNanoseconds), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(iso(kLeast, kMicroseconds), "-290308-12-21T19:59:05.224192Z");
  EXPECT_EQ(iso(kMost, kMicroseconds), "294247-01-10T04:00:54.775807Z");
  EXPECT_EQ(iso(kLeast, kMilliseconds), "-292275055-05-16T16:47:04.192Z");
  EXPECT_EQ(iso(kMost, kMilliseconds), "292278994-08-17T07:12:55.807Z");
  EXPECT_EQ(iso(kLeast, kSeconds), "-292277022657-01-27T08:29:52Z");
  EXPECT_EQ(iso(kMost, kSeconds), "292277026596-12-04T15:30:07Z");
}

TEST(TimeTextTest, UnsignedTimesDoNotWrap) {
  EXPECT_EQ(text::time_text(std::uint64_t{1} << 63, kNanoseconds), "2262-04-11T23:47:16.854775808Z");
  EXPECT_EQ(text::time_text(kMostUnsigned, kNanoseconds), "2554-07-21T23:34:33.709551615Z");
  EXPECT_EQ(text::time_text(kMostUnsigned, kMicroseconds), "586524-01-19T08:01:49.551615Z");
  EXPECT_EQ(text::time_text(kMostUnsigned, kMilliseconds), "584556019-04-03T14:25:51.615Z");
  EXPECT_EQ(text::time_text(kMostUnsigned, kSeconds), "584554051223-11-09T07:00:15Z");
}

template <class T>
void expect_same(T count, std::int64_t units_per_second) {
  T back = 0;
  const std::string text = text::time_text(count, units_per_second);
  EXPECT_EQ(text::read_time(text, units_per_second, back), text::TimeReading::ok) << text;
  EXPECT_EQ(back, count) << text;
}

TEST(TimeTextTest, WhatWasPrintedCanBeReadBack) {
  for (const std::int64_t unit : {kSeconds, kMilliseconds, kMicroseconds, kNanoseconds}) {
    std::uint64_t random = 1;
    for (int i = 0; i < 2000; ++i) {
      random = random * 6364136223846793005U + 1442695040888963407U;
      expect_same(static_cast<std::int64_t>(random) >> (i % 60), unit);
      expect_same(random >> (i % 60), unit);
    }
    for (const std::int64_t count : {kLeast, kLeast + 1, std::int64_t{-1}, std::int64_t{0}, kMost})
      expect_same(count, unit);
    expect_same(kMostUnsigned, unit);
  }
}

TEST(TimeTextTest, OtherFormsAreRead) {
  std::int64_t ms = 0;
  for (const char* text : {"2000-02-29T12:30:00Z", "2000-02-29 12:30:00", "2000-02-29t12:30z", "2000-02-29T12:30",
                           "2000-02-29T12:30:00.000000000Z", "2000-02-29T12:30:00+00:00", "2000-02-29T14:30:00+02:00",
                           "2000-02-29T08:00:00-0430", "2000-03-01T00:30:00.0+12", "+2000-02-29T12:30:00Z"}) {
    EXPECT_EQ(text::read_time(text, kMilliseconds, ms), text::TimeReading::ok) << text;
    EXPECT_EQ(ms, 951'827'400'000) << text;
  }
  EXPECT_EQ(text::read_time("1969-12-31", kMilliseconds, ms), text::TimeReading::ok);
  EXPECT_EQ(ms, -86'400'000);
  EXPECT_EQ(text::read_time("1970-01-01T00:00:00.0005Z", kMilliseconds, ms), text::TimeReading::inexact);
  EXPECT_EQ(text::read_time("999999999999999-01-01", kMilliseconds, ms), text::TimeReading::out_of_range);
  std::uint64_t count = 0;
  EXPECT_EQ(text::read_time("1969-12-31T23:59:59Z", kSeconds, count), text::TimeReading::out_of_range);
  for (const char* text : {"",
                           "2001-02-29",
                           "2000-13-01",
                           "2000-00-01",
                           "2000-01-00",
                           "2000-1-1",
                           "00-01-01",
                           "2000-01-01T",
                           "2000-01-01T1",
                           "2000-01-01T24:00:00Z",
                           "2000-01-01T12:60Z",
                           "2000-01-01T12:00:60Z",
                           "2000-01-01T12:00:00.",
                           "2000-01-01T12:00:00.Z",
                           "2000-01-01T12:00:00ZZ",
                           "2000-01-01T12:00:00+1",
                           "2000-01-01T12:00:00+24:00",
                           "2000-01-01T12:00:00 x",
                           "2000",
                           "20000101T120000Z",
                           "-",
                           "1.5",
                           "2000-01-01T12:00:00,5Z",
                           "1234567890123456789012-01-01"}) {
    EXPECT_EQ(text::read_time(text, kMilliseconds, ms), text::TimeReading::no_time) << text;
  }
}

template <class T>
std::string line(const char* fields, const char* unit, T value, Format format) {
  Schema schema = parse_fields(fields);
  schema.time_field = "t";
  schema.fields[0].unit = unit;
  schema.fields[0].as_time = format != Format::influx;
  std::vector<std::byte> record(schema.size_bytes);
  std::memcpy(record.data(), &value, sizeof value);
  std::string out;
  make_formatter(format, &schema, {.source = "ring"})->record(out, 0, record);
  return out;
}

TEST(TimeFieldTest, IsReadAsItsTypeSays) {
  EXPECT_EQ(line("i64 t", "ns", kLeast, Format::csv), "0,1677-09-21T00:12:43.145224192Z\n");
  EXPECT_EQ(line("u64 t", "ns", kMostUnsigned, Format::csv), "0,2554-07-21T23:34:33.709551615Z\n");
  EXPECT_EQ(line("u64 t", "s", kMostUnsigned, Format::csv), "0,584554051223-11-09T07:00:15Z\n");
  EXPECT_EQ(line("i32 t", "s", std::int32_t{-1}, Format::csv), "0,1969-12-31T23:59:59Z\n");
  EXPECT_EQ(line("u32 t", "s", ~std::uint32_t{0}, Format::csv), "0,2106-02-07T06:28:15Z\n");
}

// The protocol's times are nanoseconds, and not all that fit; a server refuses a line with any other. Then it
// is that of the formatting.
TEST(TimeFieldTest, InfluxHasAnotherTimeForWhatItCannotSay) {
  EXPECT_EQ(line("i64 t", "ns", kLeast + 2, Format::influx),
            "ring seq=0i,t=-9223372036854775806i -9223372036854775806\n");
  EXPECT_EQ(line("i64 t", "ns", kMost - 1, Format::influx), "ring seq=0i,t=9223372036854775806i 9223372036854775806\n");
  const auto without_time = [](std::string line) { return line.substr(0, line.rfind(' ')); };
  EXPECT_EQ(without_time(line("i64 t", "ns", kLeast, Format::influx)), "ring seq=0i,t=-9223372036854775808i");
  EXPECT_EQ(without_time(line("i64 t", "ns", kMost, Format::influx)), "ring seq=0i,t=9223372036854775807i");
  EXPECT_EQ(without_time(line("u64 t", "ns", kMostUnsigned, Format::influx)), "ring seq=0i");
  EXPECT_EQ(line("i64 t", "s", std::int64_t{9'223'372'036}, Format::influx),
            "ring seq=0i,t=9223372036i 9223372036000000000\n");
  EXPECT_EQ(without_time(line("i64 t", "s", std::int64_t{9'223'372'037}, Format::influx)), "ring seq=0i,t=9223372037i");
}

}  // namespace
}  // namespace arena_shm::schema
