// What types are called. That all compilers call them the same is the matter of tests/names.
#include "arena_shm/core/type_name.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "arena_shm/arena.hpp"
#include "arena_shm/raw.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using core::type_name;
using test::code_of;
using test::TempName;

enum class Color : int { red, green };

template <class A, class B>
struct Box {
  std::uint64_t n;
  B b;
};
template <auto value>
struct Value {
  std::uint64_t n;
};
template <class... Parts>
struct Long {
  int a;
};
struct Members {
  int call(int) { return 0; }
  int call(char) { return 0; }
};
struct Zürich {
  int a;
};
using Unnamed = struct { int a; };

constexpr std::size_t kLongest = sizeof(core::Header::type_name) - 1;

template <class T>
std::string bare_name() {
  const std::string here = "arena_shm::(anonymous namespace)::";
  std::string name = type_name<T>();
  for (auto at = name.find(here); at != std::string::npos; at = name.find(here)) name.erase(at, here.size());
  return name;
}

TEST(TypeNameTest, NumbersAreNamedByKindAndWidthInEveryDialect) {
  EXPECT_EQ(type_name<std::uint8_t>(), "u8");
  EXPECT_EQ(type_name<std::int64_t>(), "i64");
  EXPECT_EQ(type_name<long>(), type_name<long long>());
  EXPECT_EQ(type_name<float>(), "f32");
  EXPECT_EQ(type_name<double>(), "f64");
  EXPECT_EQ(type_name<bool>(), "bool");
  EXPECT_EQ(type_name<char>(), "char");
  EXPECT_EQ(type_name<long double>(), "long double") << "of which there are several of one width";
  __extension__ using Wide = __int128;
  EXPECT_EQ(type_name<Wide>(), "__int128") << "a number for -std=gnu++20 only";
}

TEST(TypeNameTest, NamesAreWhole) {
  EXPECT_EQ((bare_name<Box<char[3], double>>()), "Box<char [3], double>");
  EXPECT_EQ((bare_name<Box<char[3], std::int64_t>>()), "Box<char [3], long>");
  EXPECT_EQ((bare_name<std::array<int[2], 3>>()), "std::array<int [2], 3ul>");
  EXPECT_EQ((bare_name<Value<';'>>()), "Value<(char)59>");
  EXPECT_EQ((bare_name<Value<']'>>()), "Value<(char)93>");
  EXPECT_EQ((bare_name<Value<Color::green>>()), "Value<(Color)1>");
  EXPECT_EQ((bare_name<Value<3U>>()), "Value<3u>");
  EXPECT_EQ((bare_name<Value<3>>()), "Value<3>");
  EXPECT_EQ((bare_name<Box<Box<int, int>, Box<char, unsigned long>>>()),
            "Box<Box<int, int>, Box<char, unsigned long>>");
  EXPECT_EQ(bare_name<Zürich>(), "Zürich");
  EXPECT_EQ(type_name<Zürich>(), "arena_shm::(anonymous namespace)::Zürich");
}

TEST(TypeNameTest, ATypeIsNotOpenedAsAnotherOfTheSameSize) {
  using X = Box<char[3], double>;
  using Y = Box<char[3], std::int64_t>;
  const TempName name;
  auto arena = Arena<X>::create(name, {.slots = 4});
  EXPECT_EQ(code_of([&] { ArenaView<X>::open(name); }), std::nullopt);
  EXPECT_EQ(code_of([&] { ArenaView<Y>::open(name); }), Code::incompatible_type);
  EXPECT_EQ(code_of([&] { Arena<Y>::open_or_create(name, {.slots = 4}); }), Code::incompatible_type);
}

template <class T>
std::string local_name() {
  struct Local {
    T a;
  };
  return type_name<Local>();
}

std::array<std::string, 3> local_names() {
  std::array<std::string, 3> names;
  {
    struct Local {
      int a;
    };
    names[0] = type_name<Local>();
  }
  {
    struct Local {
      float a;
    };
    names[1] = type_name<Local>();
    names[2] = type_name<Box<int, Local>>();
  }
  return names;
}

TEST(TypeNameTest, LocalTypesOfOneNameAreToldApart) {
  const auto names = local_names();
  EXPECT_NE(names[0], names[1]);
  EXPECT_NE(names[2], (type_name<Box<int, int>>()));
  for (const std::string& name : names) EXPECT_NE(name.find("local_names"), std::string::npos) << name;
  EXPECT_EQ(names, local_names());
  EXPECT_NE(local_name<int>(), local_name<unsigned>());
}

TEST(TypeNameTest, OverloadsInArgumentsAreToldApart) {
  using OfInt = Value<static_cast<int (Members::*)(int)>(&Members::call)>;
  using OfChar = Value<static_cast<int (Members::*)(char)>(&Members::call)>;
  EXPECT_NE(type_name<OfInt>(), type_name<OfChar>());
}

TEST(TypeNameTest, NamesThatAreTooLongStayApartByTheirHash) {
  using Part = std::pair<std::array<Color, 3>, std::array<Members, 5>>;
  using First = Long<Part, Part, Part, Part, Part, Part, Part, Part, Part, Part, int>;
  using Second = Long<Part, Part, Part, Part, Part, Part, Part, Part, Part, Part, char>;
  EXPECT_EQ(type_name<First>().size(), kLongest);
  EXPECT_NE(type_name<First>(), type_name<Second>());
}

// A name of 400 bytes, all of them two to a letter: in one of the two, the cut falls into the middle of one.
TEST(TypeNameTest, ALongNameIsNotCutInTheMiddleOfACharacter) {
  std::string letters;
  for (int i = 0; i < 200; ++i) letters += "\xc3\xbc";
  const std::string even = core::readable_type_name(("400" + letters).c_str());
  const std::string odd = core::readable_type_name(("401a" + letters).c_str());
  for (const std::string& name : {even, odd}) {
    const std::size_t tail = name.rfind('#');
    ASSERT_NE(tail, std::string::npos) << name;
    EXPECT_EQ(name[tail - 1], '\xbc') << name;
    EXPECT_LE(name.size(), kLongest);
  }
}

TEST(TypeNameTest, WhatCannotBeReadIsTakenAsItIs) {
  EXPECT_EQ(core::readable_type_name("what?"), "what?");
  EXPECT_EQ(core::readable_type_name(std::string(500, '?').c_str()).size(), kLongest);
}

// As clang and gcc call those that they have to count; followed by what is in them, it is the name of a scope.
TEST(TypeNameTest, ATypeWithoutANameNeedsRecordTraits) {
  for (const char* unnamed : {"main::$_2", "$_0", "Box<main::$_3, int>", "q::._anon_7", "Box<._anon_0>",
                              "f<main::$_0>(main::$_0)::$_1", "f()::$_1::operator()() const::$_2"})
    EXPECT_EQ(code_of([&] { core::check_type_is_named(unnamed); }), Code::invalid_argument) << unnamed;
  for (const char* named : {"Tick", "main::Tick", "main::$_2::operator()() const::Tick",
                            "f<main::$_0>(main::$_0)::Tick", "Cash$_", "q::{unnamed type#1}", "Box<int>#123"})
    EXPECT_EQ(code_of([&] { core::check_type_is_named(named); }), std::nullopt) << named;
#if !defined(__clang__)  // which lets such a type have the name of its alias
  const TempName name;
  EXPECT_EQ(code_of([&] { Arena<Unnamed>::create(name, {.slots = 1}); }), Code::invalid_argument);
#else
  EXPECT_EQ(bare_name<Unnamed>(), "Unnamed");
#endif
}

struct Renamed {
  int a;
};

}  // namespace

template <>
struct RecordTraits<Renamed> {
  static RecordType describe() { return {"tick.v2", sizeof(Renamed), alignof(Renamed), {}}; }
};

namespace {

TEST(TypeNameTest, RecordTraitsAreTheWayOut) {
  const TempName name;
  const auto arena = Arena<Renamed>::create(name, {.slots = 1});
  EXPECT_EQ(arena.info().record.name, "tick.v2");
  EXPECT_EQ(code_of([&] { ArenaView<Renamed>::open(name); }), std::nullopt);
}

// The segment's text ends at the first zero: what is behind would not be compared.
TEST(TypeNameTest, ANameWithAZeroInItIsRefused) {
  const TempName name;
  const RecordType record{std::string("A\0B", 3), 8, 8, {}};
  EXPECT_EQ(code_of([&] { RawArena::create(name, record, {.slots = 1}); }), Code::invalid_argument);
}

}  // namespace
}  // namespace arena_shm
