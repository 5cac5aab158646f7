#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "schema/distinct_times.hpp"
#include "schema/fields_language.hpp"
#include "schema/influx_formatter.hpp"
#include "text/influx_text.hpp"

namespace arena_shm::schema {
namespace {

std::string name(std::string_view text, std::string_view special = ",= ") {
  std::string out;
  text::append_influx_name(out, text, special);
  return out;
}

TEST(InfluxNameTest, SpecialCharactersAreEscaped) {
  EXPECT_EQ(name("a,b=c d"), "a\\,b\\=c\\ d");
  EXPECT_EQ(name("a,b=c d", ", "), "a\\,b=c\\ d");
  EXPECT_EQ(name("a#b_c%d\"\u00e9"), "a#b_c%d\"\u00e9");
}

TEST(InfluxNameTest, WhatTheProtocolCannotSayIsEncoded) {
  EXPECT_EQ(name("x\\"), "x%5C");
  EXPECT_EQ(name("a\\,b"), "a%5C\\,b");
  EXPECT_EQ(name("#x"), "%23x");
  EXPECT_EQ(name("_field"), "%5Ffield");
  EXPECT_EQ(name("a\nb\tc\x7f"), "a%0Ab%09c%7F");
  EXPECT_EQ(name("a\xff"), "a%FF");
  EXPECT_EQ(name("x%5C"), "x%255C");
  EXPECT_EQ(name("100%"), "100%");
}

TEST(InfluxNameTest, NoTwoNamesBecomeTheSame) {
  const std::vector<std::string> names{"x\\",  "x%5C", "x%255C", "x%25", "x%", "#x",
                                       "%23x", "_x",   "%5Fx",   "%5fx", "x,", "x\\,"};
  std::set<std::string> encoded;
  for (const std::string& text : names) encoded.insert(name(text));
  EXPECT_EQ(encoded.size(), names.size());
}

TEST(DistinctTimesTest, ATimeThatIsTakenIsMovedOn) {
  DistinctTimes times;
  std::vector<std::int64_t> taken;
  for (const std::int64_t ns : {5, 5, 7, 6, 5, 4, 4, 100, 0, 1}) taken.push_back(times.take(ns).ns);
  EXPECT_EQ(taken, (std::vector<std::int64_t>{5, 6, 7, 8, 9, 4, 10, 100, 0, 1}));
}

TEST(DistinctTimesTest, TheLastTimeOfAllBeginsALap) {
  DistinctTimes times;
  EXPECT_EQ(times.take(DistinctTimes::kLatest), (DistinctTimes::Time{DistinctTimes::kLatest, 0}));
  EXPECT_EQ(times.take(DistinctTimes::kLatest), (DistinctTimes::Time{DistinctTimes::kLatest, 1}));
}

TEST(DistinctTimesTest, WhatIsForgottenIsNotGivenAgain) {
  DistinctTimes times;
  std::set<std::pair<std::uint64_t, std::int64_t>> given;
  const auto most = static_cast<std::int64_t>(DistinctTimes::kRemembered);
  for (std::int64_t round = 0; round < 3; ++round) {
    for (std::int64_t i = 0; i < most + 10; ++i) {
      const auto time = times.take(i * 10);
      EXPECT_TRUE(given.emplace(time.lap, time.ns).second);
    }
  }
}

std::string line(const char* fields, const std::vector<std::byte>& record, char suffix = 'i') {
  const Schema schema = parse_fields(fields);
  std::string out;
  influx_formatter(schema, {.source = "ring", .unsigned_suffix = suffix})->record(out, 3, record);
  return out.substr(0, out.rfind(' '));
}

template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

TEST(InfluxFormatterTest, FieldsCalledTimeOrSeqGetNamesThatAreFree) {
  EXPECT_EQ(line("f64 time", bytes_of<double>({1.5})), "ring seq=3i,time_=1.5");
  EXPECT_EQ(line("i64 time, i64 time_, i64 seq, i64 seq_", bytes_of<std::int64_t>({1, 2, 3, 4})),
            "ring seq__=3i,time__=1i,time_=2i,seq=3i,seq_=4i");
}

TEST(InfluxFormatterTest, NamesOfTheDatabaseAreEncoded) {
  EXPECT_EQ(line("i64 _measurement, i64 _field", bytes_of<std::int64_t>({1, 2})),
            "ring seq=3i,%5Fmeasurement=1i,%5Ffield=2i");
}

TEST(InfluxFormatterTest, UnsignedIntegersHaveTheSuffixThatIsAskedFor) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  const auto record = bytes_of<std::uint64_t>({7, kMost, kMost + 1});
  EXPECT_EQ(line("u64 a, u64 b, u64 c", record), "ring seq=3i,a=7i,b=9223372036854775807i");
  EXPECT_EQ(line("u64 a, u64 b, u64 c", record, 'u'), "ring seq=3u,a=7u,b=9223372036854775807u,c=9223372036854775808u");
}

TEST(InfluxFormatterTest, AnEnumIsAlwaysText) {
  Schema schema = parse_fields("u8 a, i8 b, u8 c");
  for (Field& field : schema.fields) field.enumerators = {{"buy", 1}};
  std::string out;
  influx_formatter(schema, {})->record(out, 0, bytes_of<std::int8_t>({1, -2, 7}));
  EXPECT_EQ(out.substr(0, out.rfind(' ')), "arena seq=0i,a=\"buy\",b=\"-2\",c=\"7\"");
}

TEST(InfluxFormatterTest, ATextStaysOnItsLine) {
  const std::string text = "a\n\"\\\r";
  EXPECT_EQ(line("s5 t", bytes_of<char>({text.begin(), text.end()})), "ring seq=3i,t=\"a\\\\n\\\"\\\\\\\\r\"");
}

}  // namespace
}  // namespace arena_shm::schema
