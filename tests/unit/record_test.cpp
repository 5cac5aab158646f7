// What is told of a record, and what errors say.
#include "arena_shm/record.hpp"

#include <gtest/gtest.h>

#include <string>

#include "arena_shm/error.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm {
namespace {

struct Plain {
  int a;
};

TEST(RecordTest, ClassesAreNamedAsTheyAreWritten) {
  const RecordType type = RecordTraits<Plain>::describe();
  EXPECT_NE(type.name.find("Plain"), std::string::npos);
  EXPECT_EQ(type.name.find_first_of(";]="), std::string::npos);
  EXPECT_EQ(type.size_bytes, sizeof(Plain));
  EXPECT_EQ(type.align_bytes, alignof(Plain));
  EXPECT_EQ(type.schema, "");
}

TEST(ErrorTest, SaysWhatWasExpectedAndFoundAndWhatToDo) {
  const Error error(
      Code::incompatible_type,
      {.name = "ticks", .doing = "open", .expected = "type 'A'", .found = "type 'B'", .remedy = "create another"});
  EXPECT_STREQ(error.what(), "cannot open 'ticks': expected type 'A', found type 'B'; create another");
  EXPECT_EQ(error.code(), Code::incompatible_type);
  EXPECT_EQ(error.name(), "ticks");
  EXPECT_EQ(error.doing(), "open");
  EXPECT_EQ(error.system_error(), 0);
}

TEST(ErrorTest, WithoutPartsNamesItsCode) {
  EXPECT_STREQ(Error(Code::table_full, {}).what(), "cannot use: table_full");
  EXPECT_STREQ(Error(Code::system, {.doing = "map", .system_error = 12}).what(),
               "cannot map: system (Cannot allocate memory)");
}

TEST(ErrorTest, EveryEnumeratorHasAName) {
  for (int i = 0; i <= static_cast<int>(Code::system); ++i) EXPECT_NE(to_string(static_cast<Code>(i)), "unknown") << i;
  for (int i = 0; i <= static_cast<int>(ReadStatus::hole); ++i)
    EXPECT_NE(to_string(static_cast<ReadStatus>(i)), "unknown") << i;
  for (int i = 0; i <= static_cast<int>(Loss::passed_over); ++i)
    EXPECT_NE(to_string(static_cast<Loss>(i)), "unknown") << i;
}

}  // namespace
}  // namespace arena_shm
