#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "schema/fields_language.hpp"
#include "schema/record_formatter.hpp"
#include "text/utf8.hpp"

namespace arena_shm::schema {
namespace {

// A record of one type, built field by field.
class Record {
 public:
  explicit Record(const char* fields) : schema(parse_fields(fields)), bytes(schema.size_bytes) {}

  template <class T>
  Record& set(const char* name, T value, std::size_t index = 0) {
    const auto element = schema.find(name)->element(std::span(bytes), index);
    EXPECT_EQ(element.size(), sizeof value);
    std::memcpy(element.data(), &value, sizeof value);
    return *this;
  }
  Record& text(const char* name, std::string_view value) {
    std::memcpy(schema.find(name)->element(std::span(bytes), 0).data(), value.data(), value.size());
    return *this;
  }
  std::string as(Format format, std::uint64_t seq = 7) const {
    std::string out;
    make_formatter(format, &schema)->record(out, seq, bytes);
    return out;
  }

  Schema schema;
  std::vector<std::byte> bytes;
};

TEST(RecordFormatterTest, NdjsonIsOneObjectALine) {
  Record record("u64 ts, f64 px, f32[3] pos, i16[2][2] m, s4 sym, char side, bool up");
  record.set("ts", std::numeric_limits<std::uint64_t>::max()).set("px", 101.25).set("pos", 0.1F, 0).set("pos", 2.0F, 1);
  record.set("m", std::int16_t{-3}, 2).text("sym", "ESZ6").text("side", "B").set("up", true);
  EXPECT_EQ(record.as(Format::ndjson),
            R"({"_seq":7,"ts":18446744073709551615,"px":101.25,"pos":[0.1,2.0,0.0],"m":[[0,0],[-3,0]],"sym":"ESZ6",)"
            "\"side\":\"B\",\"up\":true}\n");
}

TEST(RecordFormatterTest, IntegersAreExact) {
  Record record("i64 low, i64 high, i8 a, u8 b, u16 c, i32 d");
  record.set("low", std::numeric_limits<std::int64_t>::min()).set("high", std::numeric_limits<std::int64_t>::max());
  record.set("a", std::int8_t{-128}).set("b", std::uint8_t{255}).set("c", std::uint16_t{65535}).set("d", -1);
  EXPECT_EQ(record.as(Format::csv), "7,-9223372036854775808,9223372036854775807,-128,255,65535,-1\n");
}

TEST(RecordFormatterTest, EnumsAreNamedWhereTheyHaveANameForTheValue) {
  Record record("i8 side, u16[2] state");
  record.schema.fields[0].enumerators = {{"none", ~std::uint64_t{0}}, {"buy, now", 0}};
  record.schema.fields[1].enumerators = {{"idle", 0}, {"done", 65535}};
  record.set("side", std::int8_t{-1}).set("state", std::uint16_t{65535}, 0).set("state", std::uint16_t{3}, 1);
  EXPECT_EQ(record.as(Format::csv), "7,none,done,3\n");
  EXPECT_EQ(record.as(Format::ndjson), "{\"_seq\":7,\"side\":\"none\",\"state\":[\"done\",3]}\n");
  record.set("side", std::int8_t{0});
  EXPECT_EQ(record.as(Format::csv), "7,\"buy, now\",done,3\n");
}

TEST(RecordFormatterTest, FloatsReadBackTheSame) {
  Record record("f64 v");
  for (const double value : {0.1, 1e300, -0.0, 5e-324, 1.0 / 3, 1e15, 123456789012345680.0, 1e20, 1e-7}) {
    record.set("v", value);
    const std::string line = record.as(Format::ndjson);
    const auto read = nlohmann::json::parse(line)["v"];
    EXPECT_TRUE(read.is_number_float()) << line;
    EXPECT_EQ(read.get<double>(), value) << line;
    EXPECT_EQ(std::signbit(read.get<double>()), std::signbit(value)) << line;
  }
}

TEST(RecordFormatterTest, WhatJsonLacksIsNullOrAText) {
  Record record("f64 nan, f64 inf, f32 minus");
  record.set("nan", std::nan("")).set("inf", HUGE_VAL).set("minus", -HUGE_VALF);
  EXPECT_EQ(record.as(Format::ndjson), "{\"_seq\":7,\"nan\":null,\"inf\":\"Infinity\",\"minus\":\"-Infinity\"}\n");
  EXPECT_EQ(record.as(Format::csv), "7,nan,inf,-inf\n");
}

TEST(RecordFormatterTest, TextsEndAtNulAndAreEscaped) {
  Record record("s8 a, s8 b, s8 c, s8 d");
  record.text("a", std::string_view("ab\0cd", 5))
      .text("b", "q\"b\\\n\x01")
      .text("c", "\xff\xc3\xa9")
      .text("d", "a,b \"c\"");
  EXPECT_EQ(record.as(Format::ndjson),
            "{\"_seq\":7,\"a\":\"ab\",\"b\":\"q\\\"b\\\\\\n\\u0001\",\"c\":\"\xef\xbf\xbd\xc3\xa9\",\"d\":\"a,b "
            "\\\"c\\\"\"}\n");
  EXPECT_EQ(record.as(Format::csv), "7,ab,\"q\"\"b\\\n\x01\",\xef\xbf\xbd\xc3\xa9,\"a,b \"\"c\"\"\"\n");
  EXPECT_EQ(record.as(Format::table), "   7  ab  q\"b\\\\n\\x01  \\xff\xc3\xa9  a,b \"c\"\n");
}

TEST(RecordFormatterTest, CsvHasAColumnForEachElement) {
  const Record record("u8[2] a, i16[2][2] m, u8 z");
  std::string out;
  const auto formatter = make_formatter(Format::csv, &record.schema);
  formatter->heading(out);
  formatter->record(out, 3, record.bytes);
  EXPECT_EQ(out, "_seq,a[0],a[1],m[0][0],m[0][1],m[1][0],m[1][1],z\n3,0,0,0,0,0,0,0\n");
}

TEST(RecordFormatterTest, CsvQuotesEdgeSpaces) {
  Record record("s8 a, s8 b");
  record.text("a", " x").text("b", "\r");
  EXPECT_EQ(record.as(Format::csv), "7,\" x\",\"\r\"\n");
}

TEST(RecordFormatterTest, TableColumnsGrowAndLineUp) {
  Record record("u32 n, s8 name, u8[2] a");
  const auto formatter = make_formatter(Format::table, &record.schema);
  formatter->measure(100000, record.set("n", 4000000000U).text("name", "abc").bytes);
  std::string out;
  formatter->heading(out);
  formatter->record(out, 9, record.bytes);
  formatter->record(out, 100000, record.set("n", 5U).bytes);
  EXPECT_EQ(out,
            "  _seq           n  name  a\n"
            "     9  4000000000  abc   [0 0]\n"
            "100000           5  abc   [0 0]\n");
}

TEST(RecordFormatterTest, TableShortensLongArrays) {
  EXPECT_EQ(Record("u8[10] a").as(Format::table), "   7  [0 0 0 0 0 0 0 0 ... 2 more]\n");
}

TEST(RecordFormatterTest, TableShowsUnits) {
  Record record("u8 a");
  record.schema.fields[0].unit = "ns";
  std::string out;
  make_formatter(Format::table, &record.schema)->heading(out);
  EXPECT_EQ(out, "_seq  a [ns]\n");
}

TEST(RecordFormatterTest, HexNeedsNoSchema) {
  std::vector<std::byte> bytes(18, std::byte{0x41});
  bytes[1] = std::byte{0xff};
  std::string out;
  make_formatter(Format::hex, nullptr)->record(out, 5, bytes);
  EXPECT_EQ(out,
            "         5  000000  41 ff 41 41 41 41 41 41  41 41 41 41 41 41 41 41 |A.AAAAAAAAAAAAAA|\n"
            "         5  000010  41 41                                            |AA|\n");
}

TEST(RecordFormatterTest, GapsInTheData) {
  const Schema schema = parse_fields("u8 a");
  const Gap gap{10, 18, Loss::passed_over};
  std::string out;
  make_formatter(Format::ndjson, &schema)->gap(out, gap);
  make_formatter(Format::csv, &schema)->gap(out, gap);
  EXPECT_EQ(out,
            "{\"_gap\":{\"first\":10,\"last\":18,\"count\":9,\"cause\":\"passed_over\"}}\n"
            "# gap: 10..18 (9 passed over)\n");
}

TEST(RecordFormatterTest, FieldNamesAreEscaped) {
  Record record("u8 a");
  record.schema.fields[0].name = "x\"\x1b,";
  std::string out;
  make_formatter(Format::csv, &record.schema)->heading(out);
  EXPECT_EQ(out, "_seq,\"x\"\"\x1b,\"\n");
  EXPECT_EQ(record.as(Format::ndjson), "{\"_seq\":7,\"x\\\"\\u001b,\":0}\n");
  out.clear();
  make_formatter(Format::table, &record.schema)->heading(out);
  EXPECT_EQ(out, "_seq  x\"\\x1b,\n");
}

TEST(Utf8Test, KnowsIllFormedSequences) {
  for (const char* good : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(text::is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "a\xff"}) {
    EXPECT_FALSE(text::is_utf8(bad));
    std::string out;
    text::append_utf8(out, bad);
    EXPECT_TRUE(text::is_utf8(out));
  }
  EXPECT_EQ(text::printable("\xc2\x9b"
                            "31m\x7f"),
            "\\xc2\\x9b31m\\x7f");
}

}  // namespace
}  // namespace arena_shm::schema
