#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "arena_shm/error.hpp"
#include "schema/fields_language.hpp"
#include "schema/schema_json.hpp"
#include "support/described_tick.hpp"

namespace arena_shm::schema {
namespace {

constexpr const char* kTick =
    R"({"names":["ts","sym","pos"],"formats":["<u8","S16","(3,)<f4"],"offsets":[0,8,24],"itemsize":40})";

void expect_refused(const std::string& text, const std::string& found_part) {
  try {
    parse_json(text);
    ADD_FAILURE() << "accepted: " << text.substr(0, 200);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid_argument);
    EXPECT_NE(error.found().find(found_part), std::string::npos) << text.substr(0, 200) << ": " << error.what();
    EXPECT_FALSE(error.expected().empty());
    EXPECT_FALSE(error.remedy().empty());
  }
}

// One member of a good text replaced.
std::string with(const std::string& from, const std::string& to) {
  std::string text = kTick;
  return text.replace(text.find(from), from.size(), to);
}

TEST(SchemaJsonTest, CompactTextsKeepTheOrderOfTheirKeys) {
  const std::string text =
      R"({"offsets" : [ 0 ], "names":["\u00e9 \"x\""],
  "formats" :["<u8"],"itemsize": 8 ,"z":[{},[],{"b":null,"a":[true,-1,1.50]}], "more": "\n" })";
  EXPECT_EQ(compact_json(text),
            "{\"offsets\":[0],\"names\":[\"\xc3\xa9 \\\"x\\\"\"],\"formats\":[\"<u8\"],\"itemsize\":8,"
            "\"z\":[{},[],{\"b\":null,\"a\":[true,-1,1.50]}],\"more\":\"\\n\"}");
}

// Each name has to be printable and readable as itself, and only as itself.
TEST(SchemaJsonTest, EnumeratorsThatCouldBeMistakenAreLeftOut) {
  const Schema schema =
      parse_json(R"({"names":["u","i"],"formats":["u1","i1"],"offsets":[0,1],"itemsize":2,"metadata":{"fields":{)"
                 R"("u":{"enum":{"a":0,"b":255,"c":256,"d":-1,"1":2,"-x":3,"":4," y":5,"z":18446744073709551615}},)"
                 R"("i":{"enum":{"a":-128,"b":127,"c":128,"d":-129,"e":18446744073709551615}}}}})");
  EXPECT_EQ(schema.fields[0].enumerators, (std::vector<Enumerator>{{"a", 0}, {"b", 255}}));
  EXPECT_EQ(schema.fields[1].enumerators, (std::vector<Enumerator>{{"a", ~std::uint64_t{127}}, {"b", 127}}));
}

TEST(SchemaJsonTest, RefusesNumbersBeyondADouble) { expect_refused(with("40}", "55E999}"), "larger"); }

TEST(SchemaJsonTest, WritesWhatNumpyReads) {
  EXPECT_EQ(to_json(parse_fields("u64 ts, s16 sym, f32[3] pos")), kTick);
  EXPECT_EQ(to_json(parse_fields("u8 a, i8 b, bool c, char d, i16[2][3] e")),
            R"x({"names":["a","b","c","d","e"],"formats":["u1","i1","?","S1","(2,3)<i2"],"offsets":[0,1,2,3,4],)x"
            R"x("itemsize":16})x");
}

TEST(SchemaJsonTest, ReadsBackWhatItWrites) {
  Schema schema = parse_fields("u64 ts, f64 px, 4x, s16 sym, f32[3] pos, bool up, i16[2][3] depth, char side, u8 tail");
  schema.fields[1].unit = "USD/\"share\"";
  schema.fields[2].name = "a \"name\"\n\xc3\xa9";
  EXPECT_EQ(parse_json(to_json(schema)), schema);
  EXPECT_EQ(parse_json(to_json(schema), schema.size_bytes), schema);
  EXPECT_THROW(parse_json(to_json(schema), schema.size_bytes + 1), Error);
}

TEST(SchemaJsonTest, ReadsNumpysOtherSpellings) {
  const Schema schema = parse_json(
      R"({"names":["a","b","c"],"formats":["|u1","|b1","(2)=i4"],"offsets":[0,1,4],"itemsize":12,"aligned":true,"x":[]})");
  EXPECT_EQ(schema.names(), "a, b, c");
  EXPECT_EQ(schema.fields[1].kind, Kind::boolean);
  EXPECT_EQ(schema.fields[2].type_name(), "i32[2]");
  EXPECT_EQ(schema.align_bytes, 4U);
}

TEST(SchemaJsonTest, PackedRecordsAreAlignedAsTheyAllow) {
  const Schema schema = parse_json(R"({"names":["a","b"],"formats":["u1","<u8"],"offsets":[0,1],"itemsize":9})");
  EXPECT_EQ(schema.align_bytes, 1U);
}

TEST(SchemaJsonTest, RefusesWhatIsNoSchema) {
  expect_refused("", "byte 1");
  expect_refused("{\"names\":", "byte");
  expect_refused("[]", "array");
  expect_refused("7", "number");
  expect_refused("{}", "none");
  expect_refused("\xff", "byte 1");
  expect_refused(with("\"names\"", "\"nam\""), "none");
  expect_refused(with("\"ts\"", "7"), "number");
  expect_refused(with("\"ts\",", ""), "2, 3 and 3");
  expect_refused(with("\"<u8\"", "8"), "number");
  expect_refused(with("\"itemsize\":40", "\"itemsize\":\"40\""), "string");
  expect_refused(with(",\"itemsize\":40", ""), "null");
  expect_refused(with("[0,8", "[-1,8"), "-1");
  expect_refused(with("[0,8", "[0.5,8"), "0.5");
}

TEST(SchemaJsonTest, RefusesFormatsThatItCannotDecode) {
  for (const char* format : {">u8",
                             "<u3",
                             "u0",
                             "<f2",
                             "<c16",
                             "<U4",
                             "V8",
                             "O",
                             "<M8[ns]",
                             "",
                             "<",
                             "S",
                             "S0",
                             "b2",
                             "?1",
                             "<u8 ",
                             "(3<f4",
                             "(3,<f4",
                             "()<f4",
                             "(0,)<f4",
                             "(-1,)<f4",
                             "(,)<f4",
                             "S99999999999999999999",
                             "(1,1,1,1,1,1,1,1,1)u1",
                             "(1048577,)u1"}) {
    try {
      parse_json(with("<u8", format));
      ADD_FAILURE() << "accepted: " << format;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid_argument);
    }
  }
}

TEST(SchemaJsonTest, RefusesFieldsOutsideOfTheRecord) {
  expect_refused(with("[0,8,24]", "[0,8,32]"), "'pos'");
  expect_refused(with("[0,8,24]", "[0,8,1048576]"), "'pos'");
  expect_refused(with("[0,8,24]", "[0,8,18446744073709551615]"), "18446744073709551615");
  expect_refused(with("[0,8,24]", "[0,4,24]"), "overlap");
  expect_refused(with("\"sym\"", "\"ts\""), "two fields named 'ts'");
  expect_refused(with("\"sym\"", "\"\""), "without a name");
  expect_refused(with("\"sym\"", "\"a\\u0000b\""), "not UTF-8");
  expect_refused(with("40", "0"), "0 bytes");
  expect_refused(with("40", "1048577"), "1048577");
  expect_refused(R"({"names":[],"formats":[],"offsets":[],"itemsize":8})", "no fields");
}

TEST(SchemaJsonTest, HostileTextsAreRefusedCheaply) {
  expect_refused(std::string(1 << 20, '['), "more");
  expect_refused(with("\"ts\"", std::string(100000, '[') + std::string(100000, ']')), "more");
  expect_refused(std::string((1 << 20) + 1, ' '), "bytes");
  std::string many = "\"a\"";
  for (int i = 0; i < 5000; ++i) many += ",\"a\"";
  expect_refused(with("\"ts\"", many), "5003");
}

TEST(SchemaJsonTest, UnitsOfOddShapesAreIgnored) {
  for (const char* metadata : {"7", "{}", "{\"fields\":[]}", "{\"fields\":{\"ts\":\"ns\"}}",
                               "{\"fields\":{\"ts\":{\"unit\":7}}}", "{\"fields\":{\"nobody\":{\"unit\":\"ns\"}}}"}) {
    EXPECT_EQ(parse_json(with("40", std::string("40,\"metadata\":") + metadata)).fields[0].unit, "");
  }
  EXPECT_EQ(parse_json(with("40", R"(40,"metadata":{"fields":{"ts":{"unit":"ns"}}})")).fields[0].unit, "ns");
}

// What describe.hpp writes is what to_json() writes, and says the same.
TEST(SchemaJsonTest, ReadsAndWritesDescribedTypes) {
  const std::string text = RecordTraits<test::Tick>::describe().schema;
  const Schema schema = parse_json(text, sizeof(test::Tick));
  EXPECT_EQ(to_json(schema), text);
  EXPECT_EQ(schema.align_bytes, alignof(test::Tick));
  EXPECT_EQ(schema.time_field, "ts");
  const Field* side = schema.find("side");
  ASSERT_NE(side, nullptr);
  const std::vector<Enumerator> sides{{"none", ~std::uint64_t{0}}, {"buy", 0}, {"sell", 1}};
  EXPECT_EQ(side->enumerators, sides);
  EXPECT_EQ(schema.find("px")->unit, "USD");
  EXPECT_EQ(schema.find("legs[1].px")->offset_bytes, test::offset_in_tick(&test::Tick::legs) + sizeof(test::Leg));
}

TEST(SchemaJsonTest, OddEnumsAndTimesAreIgnored) {
  const auto with_metadata = [](const std::string& metadata) {
    return parse_json(with("40}", "40,\"metadata\":" + metadata + "}"));
  };
  EXPECT_TRUE(with_metadata(R"({"time":7})").time_field.empty());
  EXPECT_TRUE(with_metadata(R"({"time":"nobody"})").time_field.empty());
  EXPECT_EQ(with_metadata(R"({"time":"ts"})").time_field, "ts");
  EXPECT_TRUE(with_metadata(R"({"fields":{"ts":{"enum":[1]}}})").find("ts")->enumerators.empty());
  EXPECT_TRUE(with_metadata(R"({"fields":{"ts":{"enum":{"a":1.5}}}})").find("ts")->enumerators.empty());
  EXPECT_TRUE(with_metadata(R"({"fields":{"pos":{"enum":{"a":1}}}})").find("pos")->enumerators.empty());
}

}  // namespace
}  // namespace arena_shm::schema
