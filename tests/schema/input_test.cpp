#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "arena_shm/error.hpp"
#include "schema/fields_language.hpp"
#include "schema/reading.hpp"
#include "schema/record_formatter.hpp"
#include "schema/record_input.hpp"

namespace arena_shm::schema {
namespace {

TEST(NdjsonInputTest, ObjectsInAnyOrder) {
  EXPECT_EQ(ndjson(kTick,
                   "{\"sym\":\"ES\",\"px\":2,\"ts\":1}\n\n  \n{\"_seq\":9,\"ts\":\"18446744073709551615\",\"px\":null,"
                   "\"sym\":\"\"}"),
            "{\"_seq\":0,\"ts\":1,\"px\":2.0,\"sym\":\"ES\"}\n"
            "{\"_seq\":1,\"ts\":18446744073709551615,\"px\":null,\"sym\":\"\"}\n");
}

TEST(NdjsonInputTest, BadLinesAreRefusedAndTheRestGoesIn) {
  const auto refused = [](const std::string& line, const std::string& part) {
    const std::string out = ndjson(kTick, line + "\n{\"ts\":1,\"px\":2,\"sym\":\"ES\"}\n");
    expect_contains(out, part);
    EXPECT_TRUE(out.starts_with("line 1")) << out;
    EXPECT_TRUE(out.ends_with("\n{\"_seq\":0,\"ts\":1,\"px\":2.0,\"sym\":\"ES\"}\n")) << out;
  };
  refused("{\"ts\":1,", "byte 9: expected a whole JSON object");
  refused("nonsense", "byte 2: expected a whole JSON object");
  refused("{\"ts\":1}{}", "expected a whole JSON object");
  refused("[1]", "expected a JSON object");
  refused("7", "expected a JSON object");
  refused("{\"ts\":1,\"px\":2}", "expected all of the fields ts, px, sym, found no 'sym'");
  refused("{\"ts\":1,\"px\":2,\"sym\":\"A\",\"side\":1}", "expected only the fields ts, px, sym, found field 'side'");
  refused("{\"ts\":1,\"ts\":1,\"px\":2,\"sym\":\"A\"}", "field 'ts': expected each field once");
  refused("{\"ts\":-1,\"px\":2,\"sym\":\"A\"}", "field 'ts': expected u64, 0 to 18446744073709551615, found '-1'");
  refused("{\"ts\":18446744073709551616,\"px\":2,\"sym\":\"A\"}", "found '18446744073709551616'");
  refused("{\"ts\":1.5,\"px\":2,\"sym\":\"A\"}", "found '1.5'");
  refused("{\"ts\":null,\"px\":2,\"sym\":\"A\"}", "expected an integer, found null");
  refused("{\"ts\":true,\"px\":2,\"sym\":\"A\"}", "expected an integer, found true");
  refused("{\"ts\":[1],\"px\":2,\"sym\":\"A\"}", "expected an integer, found an array");
  refused("{\"ts\":{\"a\":[1]},\"px\":2,\"sym\":\"A\"}", "expected an integer, found an object");
  refused("{\"ts\":1,\"px\":2,\"sym\":7}", "field 'sym': expected a text in quotes, found 7");
  refused("{\"ts\":1,\"px\":2,\"sym\":\"TOOLONG\"}", "at most 4 bytes");
  refused("{\"ts\":1,\"px\":2,\"sym\":\"a\\u0000b\"}", "without NUL");
  refused("{\"ts\":1,\"px\":1e999,\"sym\":\"A\"}", "write null, \"Infinity\" or \"-Infinity\"");
  refused(std::string(100000, '['), "expected a JSON object");
  refused("{\"ts\":" + std::string(100000, '['), "expected the values of one record, found many more");
  refused("{\"ts\":1,\"px\":NaN,\"sym\":\"A\"}", "write null, \"Infinity\" or \"-Infinity\"");
  refused("{\"ts\":1,\"px\":-Infinity,\"sym\":\"A\"}", "write null, \"Infinity\" or \"-Infinity\"");
}

TEST(NdjsonInputTest, ArraysMustHaveTheirShape) {
  const char* fields = "u8[2][2] m, bool b";
  EXPECT_EQ(ndjson(fields, "{\"m\":[[1,2],[3,4]],\"b\":true}"), "{\"_seq\":0,\"m\":[[1,2],[3,4]],\"b\":true}\n");
  for (const char* m : {"[1,2,3,4]", "[[1,2],[3]]", "[[1,2],[3,4,5]]", "[[1,2]]", "[[1,2],[3,4],[5,6]]", "7", "[]",
                        "{}", "[[1,2],[3,[4]]]", "[[1,2],[3,{}]]", "\"1234\""}) {
    expect_contains(ndjson(fields, std::string("{\"m\":") + m + ",\"b\":true}"), "line 1, field 'm': expected");
  }
}

TEST(NdjsonInputTest, GapObjectsAreSkipped) {
  EXPECT_EQ(ndjson("u8 n", "{\"_gap\":{\"first\":1,\"last\":2,\"count\":2,\"cause\":\"hole\"}}\n{\"n\":1}\n"),
            "{\"_seq\":0,\"n\":1}\n");
}

TEST(RecordInputTest, EnumsAreReadByNameAndByNumber) {
  Schema schema = parse_fields("i8 side, u32 n");
  schema.fields[0].enumerators = {{"none", ~std::uint64_t{0}}, {"buy", 0}};
  const std::string expected = "{\"_seq\":0,\"side\":\"none\",\"n\":1}\n{\"_seq\":1,\"side\":5,\"n\":2}\n";
  EXPECT_EQ(drain(schema, *csv_input(schema, lines_of("side,n\nnone,1\n5,2\n"))), expected);
  EXPECT_EQ(drain(schema, *ndjson_input(schema, lines_of("{\"side\":\"none\",\"n\":1}\n{\"side\":5,\"n\":2}"))),
            expected);
  expect_contains(drain(schema, *csv_input(schema, lines_of("side,n\nsell,1\n"))), "expected an integer, found 'sell'");
}

TEST(RecordInputTest, TheTimeFieldTakesTimes) {
  Schema schema = parse_fields("i64 t, i64 n");
  schema.time_field = "t";
  schema.fields[0].unit = "ms";
  const auto read = [&](const std::string& cell) {
    return drain(schema, *csv_input(schema, lines_of("t,n\n" + cell + ",1\n")));
  };
  EXPECT_EQ(read("1970-01-01T00:00:01.5Z"), "{\"_seq\":0,\"t\":1500,\"n\":1}\n");
  EXPECT_EQ(read("-1"), "{\"_seq\":0,\"t\":-1,\"n\":1}\n");
  EXPECT_EQ(drain(schema, *ndjson_input(schema, lines_of("{\"t\":\"1970-01-02\",\"n\":1}"))),
            "{\"_seq\":0,\"t\":86400000,\"n\":1}\n");
  expect_contains(read("1970-01-01T00:00:01.0001Z"), "expected a time in whole ms");
  expect_contains(read("999999999-01-01T00:00:00Z"), "expected a time that i64 can count in ms");
  expect_contains(read("yesterday"), "expected an integer or a time");
  expect_contains(drain(schema, *csv_input(schema, lines_of("t,n\n1,1970-01-01\n"))), "expected an integer, found");
  schema.fields[0].unit = "px";
  expect_contains(read("1970-01-01"), "expected an integer, found");
}

TEST(RecordInputTest, WhatWasPrintedCanBeReadBack) {
  const Schema schema =
      parse_fields("u64 a, i64 b, f64 c, f32 d, bool e, char f, s12 g, f32[2][2] h, s3[2] i, u8 j, i16 k, u32 l");
  std::uint32_t random = 12345;
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::byte> record(schema.size_bytes);
    for (const Field& field : schema.fields) {
      for (std::size_t i = 0; i < field.element_count(); ++i) {
        bool ended = false;
        for (std::byte& byte : field.element(std::span(record), i)) {
          random = random * 1664525 + 1013904223;
          byte = std::byte(random >> 24);
          if (field.kind == Kind::boolean) byte &= std::byte{1};
          if (field.kind == Kind::text) {
            byte &= std::byte{0x7f};
            if (ended) byte = std::byte{0};
            ended = ended || byte == std::byte{0};
          }
        }
      }
    }
    for (const Format format : {Format::csv, Format::ndjson}) {
      std::string text;
      const auto formatter = make_formatter(format, &schema);
      formatter->heading(text);
      formatter->record(text, 1, record);
      const auto input =
          format == Format::csv ? csv_input(schema, lines_of(text)) : ndjson_input(schema, lines_of(text));
      std::vector<std::byte> back(schema.size_bytes, std::byte{0xee});
      ASSERT_EQ(input->next(back), InputStatus::record) << text << to_string(input->refusal());
      std::string again;
      formatter->heading(again);
      formatter->record(again, 1, back);
      ASSERT_EQ(again, text);
      // NaNs lose their payload: compare the bytes of records without them.
      if (text.find("nan") == std::string::npos && text.find("null") == std::string::npos) {
        ASSERT_EQ(back, record) << text;
      }
    }
  }
}

}  // namespace
}  // namespace arena_shm::schema
