#include "filter/filter.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>

#include "arena_shm/error.hpp"
#include "schema/fields_language.hpp"
#include "schema/schema_json.hpp"

namespace arena_shm::filter {
namespace {

struct Tick {
  std::uint64_t ts = 1'700'000'000'000'000'000;
  double px = 101.25;
  std::int64_t delta = -1;
  std::uint64_t big = std::numeric_limits<std::uint64_t>::max();
  float ratio = 0.1F;
  std::int32_t depth[2][3] = {{1, 2, 3}, {-4, -5, -6}};
  std::uint32_t flags = 6;
  char sym[4] = {'E', 'S', 0, 'x'};
  std::uint8_t side = 1;
  bool open = true;
  std::uint16_t late_us = 7000;
  double gap = std::numeric_limits<double>::quiet_NaN();
};
constexpr auto kFields =
    "u64 ts, f64 px, i64 delta, u64 big, f32 ratio, i32[2][3] depth, u32 flags, s4 sym, u8 side, bool open, "
    "u16 late_us, f64 gap";
constexpr std::int64_t kNow = 1'700'000'005'000'000'000;

schema::Schema tick_schema() {
  schema::Schema schema = schema::parse_fields(kFields);
  EXPECT_EQ(schema.size_bytes, sizeof(Tick));
  for (schema::Field& field : schema.fields) {
    if (field.name == "side") field.enumerators = {{"buy", 0}, {"sell", 1}};
  }
  return schema;
}

bool matches(const std::string& expression, const Tick& tick = {}, const Beside& beside = {.seq = 42}) {
  return Filter(expression, tick_schema(), kNow).matches(std::as_bytes(std::span(&tick, 1)), beside);
}

TEST(FilterTest, FindsWhatIsWanted) {
  EXPECT_TRUE(matches("px > 100.5 && sym == \"ES\" && side == sell"));
  EXPECT_FALSE(matches("px > 100.5 && sym == \"ES\" && side != sell"));
  EXPECT_FALSE(matches("px > 101.25 && sym == 'ES'"));
  EXPECT_TRUE(matches("_seq == 42"));
  EXPECT_FALSE(matches("_seq % 10 == 0"));
}

TEST(FilterTest, ComparesIntegersOfBothSignsByTheirValues) {
  EXPECT_FALSE(matches("big == -1"));
  EXPECT_FALSE(matches("big == delta"));
  EXPECT_TRUE(matches("big == 18446744073709551615"));
  EXPECT_TRUE(matches("big > delta"));
  EXPECT_TRUE(matches("delta < big"));
  EXPECT_TRUE(matches("big < 18446744073709551616"));
  EXPECT_TRUE(matches("delta >= -9223372036854775808"));
  EXPECT_FALSE(matches("delta < -170141183460469231731687303715884105727"));
  EXPECT_TRUE(matches("big + 1 > big"));
  EXPECT_TRUE(matches("big * 9223372036854775807 > big"));
  EXPECT_TRUE(matches("delta - big == -18446744073709551616"));
}

TEST(FilterTest, ComparesIntegersWithRealNumbersExactly) {
  Tick tick;
  tick.big = 9007199254740993;
  EXPECT_TRUE(matches("big != 9007199254740992.0", tick));
  EXPECT_TRUE(matches("big > 9007199254740992.0", tick));
  EXPECT_TRUE(matches("delta < -0.5 && delta > -1.5 && delta == -1.0 && delta != -1.5"));
  EXPECT_TRUE(matches("big <= 1.8446744073709552e19 && big > -inf && big < inf"));
  EXPECT_FALSE(matches("big == 1.8446744073709552e19"));
}

TEST(FilterTest, WhatGoesBeyondAllNumbersMatchesNothing) {
  const std::string far = "big * big * big * big * big * big * big * big * big";
  EXPECT_FALSE(matches(far + " > 0"));
  EXPECT_FALSE(matches(far + " != 0"));
  EXPECT_TRUE(matches("!(" + far + " > 0)"));
  EXPECT_FALSE(matches("px / (delta + 1) > 0"));
  EXPECT_FALSE(matches("px / (delta + 1) != 0"));
  EXPECT_FALSE(matches("px % (delta + 1) <= 0"));
}

TEST(FilterTest, OfNanOnlyUnequalHolds) {
  EXPECT_FALSE(matches("gap == gap"));
  EXPECT_TRUE(matches("gap != gap"));
  EXPECT_TRUE(matches("gap != 1"));
  EXPECT_FALSE(matches("gap < 1 || gap >= 1 || gap == 1"));
  EXPECT_TRUE(matches("isnan(gap) && !isnan(px) && !isnan(big)"));
  EXPECT_FALSE(matches("px == nan"));
  EXPECT_TRUE(matches("big != nan"));
}

TEST(FilterTest, FindsTheNumbersOfNarrowFieldsAsTheyArePrinted) {
  EXPECT_TRUE(matches("ratio == 0.1"));
  EXPECT_FALSE(matches("ratio > 0.1"));
  EXPECT_TRUE(matches("-ratio + 0 < -0.1"));  // calculated exactly
  EXPECT_TRUE(matches("ratio < 1e300"));
}

TEST(FilterTest, TakesElementsOfArrays) {
  EXPECT_TRUE(matches("depth[0][0] == 1 && depth[0][2] == 3 && depth[1][0] == -4 && depth[1][2] == -6"));
}

TEST(FilterTest, TakesNestedFieldsAndOddNames) {
  const auto schema = schema::parse_json(
      R"({"names":["leg.px","legs[1].qty","a b","now","not"],"formats":["<i4","<i4","<i4","<i4","<i4"],)"
      R"("offsets":[0,4,8,12,16],"itemsize":20})");
  const std::int32_t record[5] = {1, 2, 3, 4, 5};
  const auto holds_for = [&](const char* expression) {
    return Filter(expression, schema, kNow).matches(std::as_bytes(std::span(record)), {});
  };
  EXPECT_TRUE(holds_for("leg.px == 1 && legs[1].qty == 2"));
  EXPECT_TRUE(holds_for("`a b` == 3"));
  EXPECT_TRUE(holds_for("now == 4"));
  EXPECT_TRUE(holds_for("`not` == 5"));
}

TEST(FilterTest, ComparesTextsByTheirBytesUpToTheFirstNul) {
  EXPECT_TRUE(matches("sym != 'ESZ' && sym < 'ET' && sym >= \"ES\" && 'AA' < sym"));
  EXPECT_TRUE(matches("sym < 'a much longer text'"));
  EXPECT_TRUE(matches("sym == sym"));
  Tick tick;
  std::memcpy(tick.sym, "\xc3\xa4'\"", 4);
  EXPECT_TRUE(matches(R"(sym == "ä'\"")", tick));
  EXPECT_TRUE(matches(R"(sym == '\xc3\xa4\'"')", tick));
  EXPECT_TRUE(matches("sym > 'zz'", tick));  // as bytes without a sign
}

TEST(FilterTest, KnowsTheNamesOfEnums) {
  EXPECT_TRUE(matches("side == sell"));
  EXPECT_TRUE(matches("sell == side"));
  EXPECT_TRUE(matches("side == Side.sell"));
  EXPECT_TRUE(matches("side == my::Side::sell"));
  EXPECT_TRUE(matches("side == 'sell'"));
  EXPECT_TRUE(matches("side == 1"));
  EXPECT_TRUE(matches("side > buy"));
  EXPECT_TRUE(matches("has(side, sell)"));
}

TEST(FilterTest, TestsBits) {
  EXPECT_TRUE(matches("has(flags, 4)"));
  EXPECT_TRUE(matches("has(flags, 2 + 4)"));
  EXPECT_FALSE(matches("has(flags, 1)"));
  EXPECT_TRUE(matches("!has(flags, 0x8) && has(delta, 1024)"));
}

TEST(FilterTest, TakesConditionsForTruths) {
  EXPECT_TRUE(matches("open"));
  EXPECT_FALSE(matches("!open"));
  EXPECT_TRUE(matches("!!open"));
  EXPECT_TRUE(matches("open == true && open != false && open == 1"));
  EXPECT_TRUE(matches("(px > 1) == (big > 1)"));
  EXPECT_TRUE(matches("true && !false"));
}

TEST(FilterTest, ComparesTimes) {
  EXPECT_TRUE(matches("ts >= now - 5s"));
  EXPECT_FALSE(matches("ts > now - 5s"));
  EXPECT_TRUE(matches("now - ts == 5s"));
  EXPECT_TRUE(matches("ts == '2023-11-14T22:13:20Z'"));
  EXPECT_TRUE(matches("'2023-11-14 22:13:19.5' < ts"));
  EXPECT_TRUE(matches("late_us == 7ms && late_us > 6.9ms && late_us < 7.0001ms"));
  EXPECT_TRUE(matches("late_us + 1ms == 8ms"));
  EXPECT_FALSE(matches("late_us == 6.9999ms"));
  EXPECT_TRUE(matches("ts < '2500-01-01'"));
  EXPECT_TRUE(matches("_time_ns > now - 1m", {}, {.seq = 0, .time_ns = kNow}));
  EXPECT_FALSE(matches("_time_ns > now - 1m || _time_ns <= now - 1m"));
}

TEST(FilterTest, SaysWhetherItNeedsTheTimeOfTheValue) {
  EXPECT_TRUE(Filter("_time_ns > now - 1m", tick_schema(), kNow).needs_time());
  EXPECT_FALSE(Filter("ts > now - 1m", tick_schema(), kNow).needs_time());
}

TEST(FilterTest, HasThePrecedencesOfC) {
  EXPECT_TRUE(matches("1 + 2 * 3 == 7 && 10 - 2 - 3 == 5 && 2 * 6 / 3 % 3 == 1"));
  EXPECT_TRUE(matches("true || false && false"));
  EXPECT_FALSE(matches("(true || false) && false"));
  EXPECT_TRUE(matches("!false && true"));
  EXPECT_TRUE(matches("!open == false"));
  EXPECT_TRUE(matches("-delta == 1 && - - delta == delta && 3 - -delta == 2 && -2 * -3 == 6"));
  EXPECT_TRUE(matches("not false and true or false"));
  EXPECT_TRUE(matches("abs(delta) == 1 && abs(-px) == px && -abs(delta) == delta"));
  EXPECT_TRUE(matches("7 / 2 == 3.5 && -7 % 3 == 2 && 1e3 == 1000 && .5 == 5e-1"));
}

TEST(FilterTest, StandsLongExpressions) {
  std::string any = "sym == 'AA'";
  std::string sum = "0";
  for (int i = 0; i < 2000; ++i) any += " || sym == 'S" + std::to_string(i % 90 + 10) + "'";
  for (int i = 0; i < 5000; ++i) sum += " + delta";
  EXPECT_FALSE(matches(any));
  EXPECT_TRUE(matches(any + " || sym == 'ES'"));
  EXPECT_TRUE(matches(sum + " == -5000"));
  EXPECT_TRUE(matches(std::string(90, '(') + "open" + std::string(90, ')')));
  EXPECT_TRUE(matches(std::string(90, '!') + "open"));
}

TEST(FilterTest, ATimeIsDividedByWhatCountsTime) {
  EXPECT_TRUE(matches("5ms / late_us > 0.71 && 5ms / late_us < 0.72"));  // 7000 us
  EXPECT_TRUE(matches("late_us / 5ms == 1.4"));
  EXPECT_TRUE(matches("5ms / flags > 800us && 5ms / flags < 900us"));  // a number
  EXPECT_TRUE(matches("late_us * 2 == 14ms"));
  EXPECT_THROW(matches("5ms * late_us > 3"), Error);
  EXPECT_TRUE(matches("5ms * flags == 30ms"));
}

TEST(FilterTest, BesideAnEnumItsValuesComeBeforeWords) {
  schema::Schema schema = tick_schema();
  for (schema::Field& field : schema.fields) {
    if (field.name == "side")
      field.enumerators = {{"later", 0}, {"now", 1}, {"nan", 2}, {"inf", 3}, {"true", 4}, {"false", 5}, {"_seq", 6}};
  }
  const auto is_match = [&](const std::string& expression, std::uint8_t side) {
    const Tick tick{.side = side};
    return Filter(expression, schema, kNow).matches(std::as_bytes(std::span(&tick, 1)), {.seq = 42});
  };
  std::uint8_t side = 1;
  for (const std::string word : {"now", "nan", "inf", "true", "false", "_seq"}) {
    EXPECT_TRUE(is_match("side == " + word, side)) << word;
    EXPECT_TRUE(is_match("(" + word + ") == side", side)) << word;
    EXPECT_FALSE(is_match("side == " + word, 0)) << word;
    EXPECT_TRUE(is_match("has(side, " + word + ")", side)) << word;
    ++side;
  }
  EXPECT_TRUE(is_match("ts < now && side == now", 1));
  EXPECT_TRUE(matches("side == 1 && ts < now && open == true"));
}

}  // namespace
}  // namespace arena_shm::filter
