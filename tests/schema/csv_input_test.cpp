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

TEST(CsvInputTest, HeaderNamesTheColumnsInAnyOrder) {
  EXPECT_EQ(csv(kTick, "sym,ts,px\nES,1,2.5\n,2,nan\n"),
            "{\"_seq\":0,\"ts\":1,\"px\":2.5,\"sym\":\"ES\"}\n{\"_seq\":1,\"ts\":2,\"px\":null,\"sym\":\"\"}\n");
}

TEST(CsvInputTest, BadLinesAreRefusedAndTheRestGoesIn) {
  const std::string out = csv(kTick, "ts,px,sym\n1,1,A\nx,2,B\n3,y,C\n4,4,TOOLONG\n5,5\n6,6,F\n");
  EXPECT_EQ(
      out,
      "{\"_seq\":0,\"ts\":1,\"px\":1.0,\"sym\":\"A\"}\n"
      "line 3, column 1 (ts): expected an integer, found 'x'; write digits only: no separators between thousands, no "
      "unit\n"
      "line 4, column 2 (px): expected a number, found 'y'; write it like 1.5, 2e-3, nan or inf\n"
      "line 5, column 3 (sym): expected at most 4 bytes of text, found 7 bytes, 'TOOLONG'; shorten it, or make the "
      "field longer\n"
      "line 6: expected 3 columns, found 2; give every row as many cells as the header\n"
      "{\"_seq\":1,\"ts\":6,\"px\":6.0,\"sym\":\"F\"}\n");
}

TEST(CsvInputTest, IntegersAreCheckedAgainstTheirRange) {
  const char* fields = "u8 a, i8 b, u64 c, i64 d";
  EXPECT_EQ(csv(fields, "a,b,c,d\n255,-128,18446744073709551615,-9223372036854775808\n"),
            "{\"_seq\":0,\"a\":255,\"b\":-128,\"c\":18446744073709551615,\"d\":-9223372036854775808}\n");
  expect_contains(csv(fields, "a,b,c,d\n256,0,0,0\n"), "expected u8, 0 to 255, found '256'");
  expect_contains(csv(fields, "a,b,c,d\n-1,0,0,0\n"), "expected u8, 0 to 255, found '-1'");
  expect_contains(csv(fields, "a,b,c,d\n0,-129,0,0\n"), "expected i8, -128 to 127, found '-129'");
  expect_contains(csv(fields, "a,b,c,d\n0,0,18446744073709551616,0\n"), "found '18446744073709551616'");
  expect_contains(csv(fields, "a,b,c,d\n0,0,,0\n"), "found nothing");
  expect_contains(csv("f32 f", "f\n1e39\n"), "in the range of f32");
}

TEST(CsvInputTest, NumbersAreTakenAsOtherProgramsWriteThem) {
  const auto f64 = [](const std::string& cell) { return csv("u8 n, f64 f", "n,f\n0," + cell + "\n"); };
  const auto expect = [&](const std::string& cell, const std::string& json) {
    EXPECT_EQ(f64(cell), "{\"_seq\":0,\"n\":0,\"f\":" + json + "}\n") << cell;
  };
  for (const char* cell :
       {"1000", "+1000", "1e3", "1E+03", "+1.0e+003", "0x3e8", "0X1.F4P+9", "1000.", "\" 1000 \"", "01000"})
    expect(cell, "1000.0");
  expect("+2.5E-03", "0.0025");
  expect(".5", "0.5");
  expect("-0", "-0.0");
  expect("-0x0p+0", "-0.0");
  expect("4.9406564584124654e-324", "5e-324");
  expect("0x0.0000000000001p-1022", "5e-324");
  for (const char* cell : {"inf", "Inf", "+Inf", "INF", "Infinity", "infinity", "+INFINITY"})
    expect(cell, "\"Infinity\"");
  for (const char* cell : {"-inf", "-Infinity"}) expect(cell, "\"-Infinity\"");
  for (const char* cell :
       {"nan", "NaN", "NAN", "-nan", "+nan", "nan(0x8000000000000)", "-nan(ind)", "", "NA", "null", "?"})
    expect(cell, "null");
  for (const char* cell : {"--1",     "+-1",   "+",  "-",  "0x",      "0x-1", "0xinf", "1e", "1.2.3", "\"1,000\"",
                           "\"1,5\"", "1 000", "5%", "$5", "infinit", "nanx", "nan(",  "1f", "1_000", "true"})
    expect_contains(f64(cell), "expected a number");
  expect_contains(f64("\"1,000\""), "a point, and no separators between thousands");
  expect_contains(f64("1e400"), "in the range of f64");
  EXPECT_EQ(csv("f32 f", "f\n-0x1p-149\n"), "{\"_seq\":0,\"f\":-1e-45}\n");
}

TEST(CsvInputTest, IntegersMayBeWrittenAsExactDecimals) {
  const auto integer = [](const char* type, const std::string& cell) {
    return csv((std::string(type) + " i").c_str(), "i\n" + cell + "\n");
  };
  for (const char* cell : {"100", "+100", "100.0", "1e2", "1E+02", "1.00e+2", "1000e-1", "0x64", "00100", "100."})
    EXPECT_EQ(integer("i16", cell), "{\"_seq\":0,\"i\":100}\n") << cell;
  for (const char* cell : {"0", "-0", "+0", "-0.0", "0e99999999999999999999", "0x0"})
    EXPECT_EQ(integer("u8", cell), "{\"_seq\":0,\"i\":0}\n") << cell;
  EXPECT_EQ(integer("i8", "-0x80"), "{\"_seq\":0,\"i\":-128}\n");
  EXPECT_EQ(integer("u64", "9007199254740992.0"), "{\"_seq\":0,\"i\":9007199254740992}\n");
  expect_contains(integer("u64", "9.223372036854776e+18"), "may be rounded: write all digits of the integer");
  expect_contains(integer("u64", "9007199254740993.0"), "may be rounded: write all digits of the integer");
  expect_contains(integer("i64", "9.223372036854776e+18"), "expected i64");
  expect_contains(integer("u8", "1e99999999999999999999"), "expected u8, 0 to 255");
  expect_contains(integer("i64", "-9223372036854775809"), "expected i64");
  for (const char* cell : {"1.5", "1e-1", "1e-99999999999999999999"}) expect_contains(integer("i64", cell), "round it");
  for (const char* cell : {"x", "+-1", "0x", "0xg", "inf", "1e", ".", "e3", "true", "1 0", "1_000"})
    expect_contains(integer("i64", cell), "expected an integer");
}

TEST(CsvInputTest, TruthValuesAreTakenAsOtherProgramsWriteThem) {
  for (const char* cell : {"true", "True", "TRUE", "t", "T", "yes", "Y", "on", "1", "1.0", "+1"})
    EXPECT_EQ(csv("bool b", "b\n" + std::string(cell) + "\n"), "{\"_seq\":0,\"b\":true}\n") << cell;
  for (const char* cell : {"false", "False", "FALSE", "f", "no", "N", "off", "0", "0.0", "-0"})
    EXPECT_EQ(csv("bool b", "b\n" + std::string(cell) + "\n"), "{\"_seq\":0,\"b\":false}\n") << cell;
  for (const char* cell : {"2", "-1", "0.5", "tru", "ja", "x"})
    expect_contains(csv("bool b", "b\n" + std::string(cell) + "\n"), "expected true or false");
}

TEST(CsvInputTest, WhatIsMissingIsNanOrRefused) {
  const char* fields = "u8 n, f64 f, i32 i, bool b, s4 t";
  EXPECT_EQ(csv(fields, "n,f,i,b,t\n1,n/a,2,1,NA\n"),
            "{\"_seq\":0,\"n\":1,\"f\":null,\"i\":2,\"b\":true,\"t\":\"NA\"}\n");
  expect_contains(csv(fields, "n,f,i,b,t\n1,1,NA,1,x\n"), "found 'NA'; an integer field cannot be empty");
  expect_contains(csv(fields, "n,f,i,b,t\n1,1,,1,x\n"), "found nothing; an integer field cannot be empty");
  expect_contains(csv(fields, "n,f,i,b,t\n1,1,1,None,x\n"), "a bool field cannot be empty");
  expect_contains(ndjson("u8 n", "{\"n\":null}"), "found null; only fields of f32 and f64");
  const Schema schema = parse_fields("f64 f, i32 i");
  const auto chosen = [&](const char* text) {
    return drain(schema, *csv_input(schema, lines_of(text), ',', Missing({"-999", "Nope", ""})));
  };
  EXPECT_EQ(chosen("f,i\n-999,-999\n"), "{\"_seq\":0,\"f\":null,\"i\":-999}\n");
  EXPECT_EQ(chosen("f,i\nNOPE,1\n"), "{\"_seq\":0,\"f\":null,\"i\":1}\n");
  EXPECT_EQ(chosen("f,i\n,1\n"), "{\"_seq\":0,\"f\":null,\"i\":1}\n");
  expect_contains(chosen("f,i\nNA,1\n"), "expected a number");
}

// A hostile file must not be kept in memory as a whole.
TEST(CsvInputTest, AQuoteThatIsNeverClosedIsGivenUp) {
  const Schema schema = parse_fields("u8 n, s4 t");
  std::size_t asked = 0;
  const auto input = csv_input(schema, [&]() -> std::optional<Line> {
    ++asked;
    return Line{asked == 1 ? "n,t" : asked == 2 ? "1,\"" : std::string(1 << 20, 'x'), asked, false};
  });
  std::vector<std::byte> record(schema.size_bytes);
  ASSERT_EQ(input->next(record), InputStatus::refused);
  expect_contains(to_string(input->refusal()), "expected a closing quote, found none in ");
  EXPECT_LT(asked, 20U);
}

TEST(CsvInputTest, ATextMayBeAllLineEnds) {
  const std::string ends(5000, '\n');
  const Schema schema = parse_fields("s5000 t");
  const auto input = csv_input(schema, lines_of("t\n\"" + ends + "\"\n"));
  std::vector<std::byte> record(schema.size_bytes);
  ASSERT_EQ(input->next(record), InputStatus::record) << to_string(input->refusal());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(record.data()), record.size()), ends);
}

TEST(CsvInputTest, HeaderMustFit) {
  for (const char* header : {"ts,px", "ts,px,sym,extra", "ts,px,px,sym", "1,2.5,ES", "ts,px,\"sym"}) {
    EXPECT_THROW(csv(kTick, std::string(header) + "\n1,2,3\n"), Error) << header;
  }
  EXPECT_EQ(csv(kTick, ""), "");
  EXPECT_EQ(csv(kTick, "ts,px,sym\n"), "");
}

TEST(CsvInputTest, QuotedCells) {
  EXPECT_EQ(csv("u8 n, s16 t", "n,t\n1,\"a,\"\"b\"\"\nc\"\n2,\" x \"\n3, y \n"),
            "{\"_seq\":0,\"n\":1,\"t\":\"a,\\\"b\\\"\\nc\"}\n{\"_seq\":1,\"n\":2,\"t\":\" x \"}\n"
            "{\"_seq\":2,\"n\":3,\"t\":\"y\"}\n");
}

TEST(CsvInputTest, AnUnclosedQuoteCostsItsOwnLineOnly) {
  const std::string out = csv("u8 n, s16 t", "n,t\n1,\"a\n2,b\n3,c\n");
  expect_contains(out, "line 2: expected a closing quote");
  expect_contains(out, "{\"_seq\":0,\"n\":2,\"t\":\"b\"}\n{\"_seq\":1,\"n\":3,\"t\":\"c\"}\n");
  const std::string inside = csv("u8 n, s16 t", "n,t\n1,a\"b\n2,\"a\"b\n3,c\n");
  expect_contains(inside, "line 2: expected quotes only around a whole cell");
  expect_contains(inside, "line 3: expected quotes only around a whole cell");
  expect_contains(inside, "{\"_seq\":0,\"n\":3,\"t\":\"c\"}\n");
}

TEST(CsvInputTest, LineNumbersCountEveryLine) {
  expect_contains(csv("u8 n, s16 t", "n,t\n\n1,\"a\nb\"\n\nx,c\n"), "line 6, column 1 (n)");
}

TEST(CsvInputTest, WindowsLineEndsAndByteOrderMark) {
  EXPECT_EQ(csv("u8 n, s16 t", "\xef\xbb\xbfn,t\r\n1,a\r\n\r\n2,\"b\"\r\n3,c"),
            "{\"_seq\":0,\"n\":1,\"t\":\"a\"}\n{\"_seq\":1,\"n\":2,\"t\":\"b\"}\n{\"_seq\":2,\"n\":3,\"t\":\"c\"}\n");
}

TEST(CsvInputTest, ArraysHaveAColumnForEachElement) {
  EXPECT_EQ(csv("u8[2] a, i16[1][2] m", "m[0][1],a[0],a[1],m[0][0]\n4,1,2,3\n"),
            "{\"_seq\":0,\"a\":[1,2],\"m\":[[3,4]]}\n");
  EXPECT_THROW(csv("u8[2] a", "a\n1\n"), Error);
  EXPECT_THROW(csv("u8[2] a", "a[0]\n1\n"), Error);
}

TEST(CsvInputTest, LongLinesAreRefused) {
  const Schema schema = parse_fields("u8 n");
  int calls = 0;
  const auto input = csv_input(schema, [&]() -> std::optional<Line> {
    if (++calls > 3) return std::nullopt;
    return Line{calls == 1 ? "n" : "1", static_cast<std::uint64_t>(calls), calls == 2};
  });
  const std::string out = drain(schema, *input);
  expect_contains(out, "line 2: expected a shorter line");
  expect_contains(out, "{\"_seq\":0,\"n\":1}");
}

}  // namespace
}  // namespace arena_shm::schema
