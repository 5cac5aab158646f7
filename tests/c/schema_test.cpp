// The C interface: schemas from fields.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "arena_shm/core/words.hpp"
#include "c/c_fixture.hpp"

namespace arena_shm::test {
namespace {

struct Order {
  std::uint64_t ts;
  std::uint8_t side;
  char symbol[7];
  float levels[2][3];
  bool firm;
};

arena_shm_field field(const char* name, arena_shm_type type, std::size_t offset) {
  arena_shm_field field{};
  field.name = name;
  field.type = type;
  field.offset_bytes = offset;
  return field;
}

class CSchemaTest : public ::testing::Test {
 protected:
  CSchemaTest() {
    fields_[0].is_time = true;
    fields_[0].unit = "ns";
    fields_[1].enumerators = sides_.data();
    fields_[1].enumerator_count = sides_.size();
    fields_[2].text_bytes = 7;
    fields_[3].shape = shape_.data();
    fields_[3].dimensions = shape_.size();
  }
  arena_shm_status write(std::size_t capacity = 4096) {
    text_.assign(capacity, '#');
    return arena_shm_schema(fields_.data(), fields_.size(), sizeof(Order), text_.data(), capacity, &length_, &error_);
  }
  arena_shm_status write_without_memory() {
    return arena_shm_schema(fields_.data(), fields_.size(), sizeof(Order), nullptr, 0, &length_, &error_);
  }
  void expect_refused(const std::string& found) {
    EXPECT_EQ(write(), ARENA_SHM_E_INVALID_ARGUMENT) << found;
    EXPECT_NE(std::string(error_.message).find(found), std::string::npos) << error_.message;
  }

  std::array<arena_shm_enumerator, 2> sides_{{{"buy", 0}, {"sell", 255}}};
  std::array<std::uint64_t, 2> shape_{2, 3};
  std::vector<arena_shm_field> fields_{
      field("ts", ARENA_SHM_U64, offsetof(Order, ts)), field("side", ARENA_SHM_U8, offsetof(Order, side)),
      field("symbol", ARENA_SHM_TEXT, offsetof(Order, symbol)), field("levels", ARENA_SHM_F32, offsetof(Order, levels)),
      field("firm", ARENA_SHM_BOOL, offsetof(Order, firm))};
  arena_shm_error error_{};
  std::string text_;
  std::size_t length_ = 0;
};

TEST_F(CSchemaTest, IsWhatNumpyReads) {
  ASSERT_EQ(write(), ARENA_SHM_OK) << error_.message;
  EXPECT_EQ(text_.c_str(),
            std::string(R"({"names":["ts","side","symbol","levels","firm"],)"
                        R"("formats":["<u8","u1","S7","(2,3)<f4","?"],"offsets":[0,8,9,16,40],"itemsize":48,)"
                        R"("metadata":{"fields":{"ts":{"unit":"ns"},"side":{"enum":{"buy":0,"sell":255}}},)"
                        R"("time":"ts"}})"));
  EXPECT_EQ(length_, std::string(text_.c_str()).size());
}

TEST_F(CSchemaTest, AnArrayOfOneDimensionIsATuple) {
  fields_[3].dimensions = 1;
  ASSERT_EQ(write(), ARENA_SHM_OK);
  EXPECT_NE(text_.find("\"(2,)<f4\""), std::string::npos) << text_;
}

TEST_F(CSchemaTest, TheLengthIsToldWhereThereIsNoRoom) {
  ASSERT_EQ(write(), ARENA_SHM_OK);
  const std::size_t needed = length_;
  EXPECT_EQ(write(needed), ARENA_SHM_NOTHING);
  EXPECT_EQ(length_, needed);
  EXPECT_EQ(text_, std::string(needed, '#'));
  EXPECT_EQ(write(needed + 1), ARENA_SHM_OK);
  EXPECT_EQ(arena_shm_schema(fields_.data(), fields_.size(), sizeof(Order), nullptr, 0, &length_, &error_),
            ARENA_SHM_NOTHING);
}

TEST_F(CSchemaTest, ExtremeEnumerators) {
  std::swap(fields_[0].enumerators, fields_[1].enumerators);  // the first has 64 bits
  std::swap(fields_[0].enumerator_count, fields_[1].enumerator_count);
  fields_[0].type = ARENA_SHM_I64;
  sides_[0].value = std::numeric_limits<std::int64_t>::min();
  ASSERT_EQ(write(), ARENA_SHM_OK);
  EXPECT_NE(text_.find("\"buy\":-9223372036854775808"), std::string::npos) << text_;
  fields_[0].type = ARENA_SHM_U64;
  sides_[0].value = -1;
  ASSERT_EQ(write(), ARENA_SHM_OK);
  EXPECT_NE(text_.find("\"buy\":18446744073709551615"), std::string::npos) << text_;
}

TEST_F(CSchemaTest, AnEnumeratorFitsItsType) {
  const auto takes = [&](arena_shm_type type, std::int64_t value) {
    fields_[1].type = type;
    sides_[1].value = value;
    return write() == ARENA_SHM_OK;
  };
  EXPECT_TRUE(takes(ARENA_SHM_U8, 255));
  EXPECT_FALSE(takes(ARENA_SHM_U8, 256));
  EXPECT_FALSE(takes(ARENA_SHM_U8, -1));
  EXPECT_TRUE(takes(ARENA_SHM_I8, 127));
  EXPECT_TRUE(takes(ARENA_SHM_I8, -128));
  EXPECT_FALSE(takes(ARENA_SHM_I8, 128));
  EXPECT_FALSE(takes(ARENA_SHM_I8, -129));
  expect_refused("sell = -129");
}

TEST_F(CSchemaTest, WhatCannotBeIsRefusedByName) {
  const std::vector<arena_shm_field> good = fields_;
  const auto with = [&](std::size_t i, auto change) {
    fields_ = good;
    change(fields_[i]);
  };
  with(0, [](auto& f) { f.name = "a\"b"; });
  expect_refused("field 0");
  with(0, [](auto& f) { f.name = ""; });
  expect_refused("field 0");
  with(0, [](auto& f) { f.unit = "\n"; });
  expect_refused("field 0 ('ts')");
  with(0, [](auto& f) { f.type = none_of_them<arena_shm_type>(13); });
  expect_refused("arena_shm_type");
  with(0, [](auto& f) { f.type = none_of_them<arena_shm_type>(0); });
  expect_refused("expected a type");
  with(0, [](auto& f) { f.type = ARENA_SHM_F64; });
  expect_refused("integer as the time");
  with(1, [](auto& f) { f.type = ARENA_SHM_BOOL; });
  expect_refused("field 1 ('side')");
  with(1, [](auto& f) { f.enumerators = nullptr; });
  expect_refused("enumerators");
  with(2, [](auto& f) { f.text_bytes = 0; });
  expect_refused("field 2 ('symbol')");
  with(2, [](auto& f) { f.text_bytes = 8; });  // one byte of `levels`
  EXPECT_EQ(write(), ARENA_SHM_E_INVALID_ARGUMENT);
  EXPECT_NE(std::string(error_.message).find("bytes of 'symbol', too"), std::string::npos) << error_.message;
  with(3, [](auto& f) { f.offset_bytes = 25; });
  expect_refused("at byte 25");
  with(3, [](auto& f) { f.offset_bytes = ~std::uint64_t{0}; });
  expect_refused("field 3 ('levels')");
  with(3, [](auto& f) { f.dimensions = 9; });
  expect_refused("8 dimensions");
  with(4, [](auto& f) { f.text_bytes = 1; });
  expect_refused("field 4 ('firm')");
  with(4, [](auto& f) { f.name = "ts"; });
  expect_refused("'ts' twice");
  shape_ = {0, 3};
  with(0, [](auto&) {});
  expect_refused("extents above 0");
  shape_ = {std::uint64_t{1} << 63U, 2};
  expect_refused("extents above 0");
  EXPECT_EQ(arena_shm_schema(fields_.data(), 0, 8, nullptr, 0, nullptr, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  EXPECT_EQ(arena_shm_schema(nullptr, 1, 8, nullptr, 0, nullptr, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
}

TEST_F(CSchemaTest, WithoutMemoryThereIsAnError) {
#ifdef ARENA_SHM_SANITIZED
  GTEST_SKIP() << "the sanitizers need the memory";
#endif
  std::vector<void*> taken;
  taken.reserve(std::size_t{1} << 20U);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  const rlimit none{.rlim_cur = 1, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &none), 0);
  for (std::size_t size = std::size_t{1} << 20U; size >= 16; size /= 2) {
    while (void* memory = std::malloc(size)) taken.push_back(memory);
  }
  const arena_shm_status status = write_without_memory();
  for (void* memory : taken) std::free(memory);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(status, ARENA_SHM_E_NO_MEMORY) << arena_shm_status_name(status);
  EXPECT_EQ(error_.status, ARENA_SHM_E_NO_MEMORY);
  EXPECT_STRNE(error_.message, "");
}

}  // namespace
}  // namespace arena_shm::test
