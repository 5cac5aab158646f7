#include "filter/complaint.hpp"

#include <gtest/gtest.h>

#include <string>

#include "filter/filter.hpp"
#include "filter/parser.hpp"
#include "schema/fields_language.hpp"
#include "schema/schema_json.hpp"

namespace arena_shm::filter {
namespace {

schema::Schema ticks() {
  schema::Schema schema =
      schema::parse_fields("u64 ts, f64 px, s4 sym, u8 side, i32[3] depth, bool open, i64 late_us, f64 usd");
  schema.fields[3].enumerators = {{"buy", 0}, {"sell", 1}};
  schema.fields[7].unit = "USD";
  return schema;
}

Complaint refused(const std::string& expression) {
  try {
    Filter(expression, ticks(), 0);
  } catch (const Complaint& complaint) {
    EXPECT_EQ(complaint.code(), Code::invalid_argument);
    EXPECT_FALSE(complaint.expected().empty());
    EXPECT_FALSE(complaint.found().empty());
    EXPECT_FALSE(complaint.remedy().empty());
    return complaint;
  }
  ADD_FAILURE() << "accepted: " << expression;
  return Complaint("", {}, {});
}

// `carets` is the line below the expression; `part` is in the message.
void expect_refused(const std::string& expression, const std::string& carets, const std::string& part) {
  const Complaint complaint = refused(expression);
  EXPECT_EQ(complaint.picture(), "  " + expression + "\n  " + carets) << expression;
  EXPECT_NE(std::string(complaint.what()).find(part), std::string::npos) << expression << ": " << complaint.what();
}

TEST(ComplaintTest, PointsAtWhatIsWrong) {
  expect_refused("px > > 3", "     ^", "missing before it");
  expect_refused("px >", "    ^", "found the end");
  expect_refused("", "^", "leave out the filter");
  expect_refused("   ", "   ^", "leave out the filter");
  expect_refused("(px > 3", "       ^", "still open");
  expect_refused("px > 3)", "      ^", "no '(' for it");
  expect_refused("px > 3 sym == 'x'", "       ^^^", "&&");
  expect_refused("px = 3", "   ^", "==");
  expect_refused("px & 3 == 1", "   ^", "has(flags, 4)");
  expect_refused("1 < px < 3", "       ^", "write 1 < px && px < 3");
  expect_refused("(1 < px < 3)", "        ^", "write 1 < px && px < 3");
  expect_refused("px > 12abc", "     ^^^^^", "quotes");
  expect_refused("sym == 'ES", "       ^", "close the quotes");
  expect_refused("px > 1e999", "     ^^^^^", "exponent");
  expect_refused("px > 340282366920938463463374607431768211456", "     " + std::string(39, '^'), "below 2^127");
  expect_refused("sym == '\\q'", "        ^^", "backslash");
  expect_refused("`px > 3", "^", "backquotes");
}

TEST(ComplaintTest, SaysWhichFieldsThereAre) {
  expect_refused("px > 1 && pxx < 3", "          ^^^", "did you mean 'px'?");
  expect_refused("volume < 3", "^^^^^^", "ts, px, sym, side, depth, open, late_us, usd");
  expect_refused("sym == ES", "       ^^", "\"ES\"");
  expect_refused("depth == 3", "^^^^^", "depth[0]");
  expect_refused("depth[3] == 3", "^^^^^^^^", "depth[0] to depth[2]");
  expect_refused("px[0] == 3", "^^^^^", "no array");
  expect_refused("depth[i] == 3", "     ^^^", "constants");
  expect_refused("side == sel", "        ^^^", "did you mean 'sell'?");
  expect_refused("sqrt(px) > 3", "^^^^^^^^", "has(flags, 4)");
}

TEST(ComplaintTest, SaysWhatCannotStandBesideWhat) {
  expect_refused("px", "^^", "compare it");
  expect_refused("px && open", "^^", "a condition");
  expect_refused("!px > 3", " ^^", "write !(px > 100.5)");
  expect_refused("sym > 3", "      ^", "in quotes");
  expect_refused("px == 'ES'", "      ^^^^", "without quotes");
  expect_refused("sym + 1 == 3", "^^^", "texts can only be compared");
  expect_refused("open < true", "     ^", "== or !=");
  expect_refused("sym == 'ESZ26'", "       ^^^^^^^", "at most 4 bytes");
  expect_refused("usd > 5ms", "^^^", "'usd' in USD");
  expect_refused("has(px, 4)", "    ^^", "whole number");
  expect_refused("has(ts)", "^^^^^^^", "two numbers");
  expect_refused("px / 0 > 1 / 0", "         ^^^^^", "zero");
  expect_refused("ts > '2026-13-01'", "     ^^^^^^^^^^^^", "times are written like");
  expect_refused("ts > '9999-01-01'", "     ^^^^^^^^^^^^", "2554");
}

TEST(ComplaintTest, NeitherDepthNorLengthIsAProblem) {
  for (const char open : {'(', '!', '-'}) {
    const Complaint complaint = refused(std::string(60'000, open) + "px");
    EXPECT_NE(complaint.expected().find("at most 100"), std::string::npos) << complaint.what();
    EXPECT_EQ(complaint.column(), 101U);
  }
  EXPECT_NE(refused(std::string(70'000, ' ')).expected().find("65536"), std::string::npos);
  std::string nested = "1";
  for (int i = 0; i < 90; ++i) nested = "px + (" + nested + ")";
  EXPECT_NE(refused(nested + " > 3").remedy().find("(b * c) + a"), std::string::npos);
}

TEST(ComplaintTest, ShowsThePlaceInALongExpression) {
  const Complaint complaint =
      refused(std::string(500, ' ') + "ä == '\x01\n' || 	nope == 3 && " + std::string(500, ' ') + "open");
  EXPECT_EQ(complaint.column(), 501U);
  const std::string picture = complaint.picture();
  const std::size_t lines = picture.find('\n');
  EXPECT_LT(lines, 100U);
  EXPECT_EQ(picture.find('\n', lines + 1), std::string::npos);
  EXPECT_TRUE(picture.ends_with(" ^"));
}

}  // namespace
}  // namespace arena_shm::filter
