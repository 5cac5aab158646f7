#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "arena_shm/error.hpp"
#include "schema/fields_language.hpp"

namespace arena_shm::schema {
namespace {

Error refused(const std::string& text) {
  try {
    parse_fields(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid_argument);
    return error;
  }
  ADD_FAILURE() << "accepted: " << text;
  return Error(Code::system, {});
}

// Where, as "column 5".
void expect_refused_at(const std::string& text, std::size_t column, const std::string& expected_part) {
  const Error error = refused(text);
  EXPECT_TRUE(error.doing().ends_with("column " + std::to_string(column))) << text << ": " << error.doing();
  EXPECT_NE(error.expected().find(expected_part), std::string::npos) << text << ": " << error.expected();
  EXPECT_FALSE(error.found().empty());
  EXPECT_FALSE(error.remedy().empty());
}

TEST(FieldsLanguageTest, LaysFieldsOutAsTheCompilerDoes) {
  struct Tick {
    std::uint64_t ts;
    double px;
    std::uint8_t padding[4];
    char sym[16];
    float pos[3];
    bool up;
    std::int16_t depth[2][3];
    char side;
    std::int64_t last;
    std::uint8_t tail;
  };
  const Schema schema =
      parse_fields("u64 ts, f64 px, 4x, s16 sym, f32[3] pos, bool up, i16[2][3] depth, char side, i64 last, u8 tail");
  EXPECT_EQ(schema.size_bytes, sizeof(Tick));
  EXPECT_EQ(schema.align_bytes, alignof(Tick));
  ASSERT_EQ(schema.fields.size(), 9U);
  EXPECT_EQ(schema.find("ts")->offset_bytes, offsetof(Tick, ts));
  EXPECT_EQ(schema.find("px")->offset_bytes, offsetof(Tick, px));
  EXPECT_EQ(schema.find("sym")->offset_bytes, offsetof(Tick, sym));
  EXPECT_EQ(schema.find("pos")->offset_bytes, offsetof(Tick, pos));
  EXPECT_EQ(schema.find("up")->offset_bytes, offsetof(Tick, up));
  EXPECT_EQ(schema.find("depth")->offset_bytes, offsetof(Tick, depth));
  EXPECT_EQ(schema.find("depth")->size_bytes(), sizeof(Tick::depth));
  EXPECT_EQ(schema.find("side")->offset_bytes, offsetof(Tick, side));
  EXPECT_EQ(schema.find("last")->offset_bytes, offsetof(Tick, last));
  EXPECT_EQ(schema.find("tail")->offset_bytes, offsetof(Tick, tail));
  EXPECT_EQ(defect(schema), "");
}

TEST(FieldsLanguageTest, KnowsEveryType) {
  const Schema schema = parse_fields("u8 a,u16 b,u32 c,u64 d,i8 e,i16 f,i32 g,i64 h,f32 i,f64 j,bool k,char l,s7 m");
  std::vector<std::string> types;
  for (const Field& field : schema.fields) types.push_back(field.type_name());
  EXPECT_EQ(types, (std::vector<std::string>{"u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64", "bool",
                                             "char", "s7"}));
}

TEST(FieldsLanguageTest, SpacesAndLineEndsMeanNothing) {
  EXPECT_EQ(parse_fields(" u64\tts ,\n f32 [ 3 ] pos\n"), parse_fields("u64 ts,f32[3] pos"));
}

TEST(FieldsLanguageTest, TrailingPaddingItemsCount) {
  EXPECT_EQ(parse_fields("u8 a, 7x").size_bytes, 8U);
  EXPECT_EQ(parse_fields("u32 a, 1x").size_bytes, 8U);
  EXPECT_EQ(parse_fields("4x, u32 a").find("a")->offset_bytes, 4U);
}

TEST(FieldsLanguageTest, RefusalsNameTheColumn) {
  expect_refused_at("", 1, "a type");
  expect_refused_at("u64 ts, ", 9, "a type");
  expect_refused_at("u64 ts, f63 px", 9, "a type");
  expect_refused_at("u64 ts; f64 px", 7, "','");
  expect_refused_at("u64", 4, "a field name");
  expect_refused_at("u64 1ts", 5, "a field name");
  expect_refused_at("u64 ts, f64 ts", 13, "a new name");
  expect_refused_at("u64 _seq", 5, "another name");
  expect_refused_at("s0 name", 2, "a number of characters");
  expect_refused_at("f32[0] pos", 5, "a number of elements");
  expect_refused_at("f32[] pos", 5, "a number of elements");
  expect_refused_at("f32[3 pos", 7, "']'");
  expect_refused_at("f32 pos[3]", 8, "','");
  expect_refused_at("0x, u8 a", 1, "padding");
  expect_refused_at("12, u8 a", 1, "a type");
  expect_refused_at("4x", 3, "at least one field");
  expect_refused_at("u64 ts, \xff", 9, "a type");
}

TEST(FieldsLanguageTest, RefusesWhatDoesNotFitIntoARecord) {
  expect_refused_at("u8 a, u8[1048576] b", 7, "a record of at most 1048576 bytes");
  expect_refused_at("u8[99999999999999999999] a", 4, "a number of elements");
  expect_refused_at("f64[1048576][1048576][1048576][1048576] a", 1, "a record of at most");
  expect_refused_at("u8[1][1][1][1][1][1][1][1][1] a", 31, "dimensions");
  EXPECT_EQ(parse_fields("u8[1048576] a").size_bytes, kMaxRecordBytes);
}

TEST(FieldsLanguageTest, WritesWhatItReads) {
  for (const char* text : {"u64 ts, f64 px, 4x, s16 sym, f32[3] pos", "u8 a, u64 b, u8 c", "3x, u8 a, 4x",
                           "i16[2][3] m", "char c, bool b, u32 n, 8x"}) {
    const Schema schema = parse_fields(text);
    EXPECT_EQ(parse_fields(to_fields(schema)), schema) << text << " -> " << to_fields(schema);
  }
}

TEST(SchemaTest, SelectKeepsTheOrderAskedFor) {
  const Schema schema = parse_fields("u64 ts, f64 px, s4 sym");
  const Schema chosen = schema.select({"sym", "ts"});
  EXPECT_EQ(chosen.names(), "sym, ts");
  EXPECT_EQ(chosen.size_bytes, schema.size_bytes);
  EXPECT_THROW(schema.select({"price"}), Error);
  EXPECT_THROW(schema.select({"ts", "ts"}), Error);
}

TEST(SchemaTest, ElementsAreNamedByTheirSubscripts) {
  const Schema schema = parse_fields("i16[2][3] m, u8 n");
  EXPECT_EQ(schema.find("m")->element_name(0), "m[0][0]");
  EXPECT_EQ(schema.find("m")->element_name(5), "m[1][2]");
  EXPECT_EQ(schema.find("n")->element_name(0), "n");
}

TEST(SchemaTest, DefectsAreFound) {
  const Schema good = parse_fields("u64 ts, f64 px");
  const auto broken = [&](auto change) {
    Schema schema = good;
    change(schema);
    return defect(schema);
  };
  EXPECT_EQ(defect(good), "");
  EXPECT_NE(broken([](Schema& s) { s.fields.clear(); }), "");
  EXPECT_NE(broken([](Schema& s) { s.size_bytes = 0; }), "");
  EXPECT_NE(broken([](Schema& s) { s.size_bytes = 15; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].offset_bytes = 4; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].offset_bytes = ~std::size_t{0}; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].element_bytes = 3; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].element_bytes = 0; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].shape = {0}; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].shape = {std::size_t{1} << 63, 2}; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].name = "ts"; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].name = ""; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].name = "\xff"; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].name = "_seq"; }), "");
  EXPECT_NE(broken([](Schema& s) { s.fields[1].name = std::string(300, 'a'); }), "");
}

}  // namespace
}  // namespace arena_shm::schema
