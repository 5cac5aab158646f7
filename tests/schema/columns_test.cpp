// How wide text is on a terminal.
#include "text/columns.hpp"

#include <gtest/gtest.h>

#include <string>

#include "text/quantities.hpp"
#include "text/text_table.hpp"
#include "text/utf8.hpp"

namespace arena_shm::text {
namespace {

constexpr const char* kAccent = "e\u0301";  // two characters, one column

TEST(ColumnsTest, EachCharacterTakesWhatATerminalGivesIt) {
  EXPECT_EQ(column_count(""), 0U);
  EXPECT_EQ(column_count("tick"), 4U);
  EXPECT_EQ(column_count("\u00e9\u2026"), 2U);
  EXPECT_EQ(column_count("\u6771\u4eac"), 4U);
  EXPECT_EQ(column_count("\U0001f600!"), 3U);
  EXPECT_EQ(column_count("\uc11c\uc6b8"), 4U);
  EXPECT_EQ(column_count("\uff21"), 2U);
  EXPECT_EQ(column_count(kAccent), 1U);
  EXPECT_EQ(column_count("a\u200bb"), 2U);
  EXPECT_EQ(column_count("\U000e0fff"), 1U);  // not assigned
  EXPECT_EQ(column_count("\xff\xfe"), 2U);
}

TEST(ColumnsTest, WhatFitsIsWholeCharactersWithTheirMarks) {
  EXPECT_EQ(fitting_bytes("\u6771\u4eac", 3), 3U);
  EXPECT_EQ(fitting_bytes("\u6771\u4eac", 1), 0U);
  EXPECT_EQ(fitting_bytes(kAccent, 1), 3U);
  EXPECT_EQ(fitting_bytes("abc", 9), 3U);
}

TEST(ColumnsTest, WhatIsCutIsNeverWiderAndEndsWithAMark) {
  EXPECT_EQ(cut("\u6771\u4eac\u90fd", 6), "\u6771\u4eac\u90fd");
  EXPECT_EQ(cut("\u6771\u4eac\u90fd", 5), "\u6771\u4eac\u2026");
  EXPECT_EQ(cut("\u6771\u4eac\u90fd", 4), "\u6771\u2026");
  EXPECT_EQ(cut("\u6771\u4eac\u90fd", 2), "\u2026");
  EXPECT_EQ(cut(std::string(kAccent) + "bc", 2), std::string(kAccent) + "\u2026");
}

TEST(ColumnsTest, ColumnsOfATableBeginBelowEachOther) {
  TextTable table({{.title = "NAME"}, {.title = "N"}});
  table.widen({"\u6771\u4eac", "1"});
  table.widen({kAccent, "2"});
  std::string out;
  table.append_heading(out);
  table.append(out, {"\u6771\u4eac", "1"});
  table.append(out, {kAccent, "2"});
  EXPECT_EQ(out, "NAME  N\n\u6771\u4eac  1\n" + std::string(kAccent) + "     2\n");
}

TEST(ColumnsTest, LinesBreakWhereTheyAreFull) {
  std::string out;
  append_wrapped(out, "\u6771\u4eac\u90fd\u5e02", 5, 1);
  EXPECT_EQ(out, "\u6771\u4eac\n \u90fd\u5e02\n");
  out.clear();
  append_wrapped(out, "\u6771\u4eac", 1, 0);  // narrower than any of them
  EXPECT_EQ(out, "\u6771\n\u4eac\n");
}

TEST(ColumnsTest, AnExcerptEndsWithAWholeCharacter) {
  std::string text(39, 'x');
  EXPECT_EQ(excerpt(text.append("\u6771\u4eac")), std::string("'").append(39, 'x').append("' ..."));
  EXPECT_EQ(excerpt(std::string(50, '\xff')).substr(0, 5), "'\\xff");
}

TEST(CountedTest, OneOfAThingIsNotSeveral) {
  EXPECT_EQ(counted(1, "process"), "1 process");
  EXPECT_EQ(counted(2, "other process"), "2 other processes");
  EXPECT_EQ(counted(0, "value"), "0 values");
}

}  // namespace
}  // namespace arena_shm::text
