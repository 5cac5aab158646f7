// Record types whose names compilers write, and mangle, in as many ways as there are. Each is a type of its own.
#pragma once

#include <array>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "arena_shm/record.hpp"

struct Plain {
  std::uint64_t n;
};
struct Größe {  // NOLINT(misc-confusable-identifiers)
  std::uint64_t n;
};
typedef struct {  // NOLINT(modernize-use-using): it has its name from here, and from nowhere else
  std::uint64_t n;
} FromC;
union Either {
  std::uint64_t n;
  double x;
};
enum class Color : int { red, green };
enum Unscoped : short { kBelow = -3, kAbove };
typedef float FourFloats __attribute__((vector_size(16)));  // NOLINT(modernize-use-using)

namespace {
struct Hidden {
  std::uint64_t n;
};
enum class Secret : std::uint64_t { a, b };
}  // namespace

namespace outer {
inline namespace v1 {
struct Inline {
  std::uint64_t n;
};
}  // namespace v1
struct Plain {
  std::uint64_t n;
};
template <class T>
struct Holder {
  struct Inner {
    std::uint64_t n;
  };
  enum class Kind : std::uint8_t { a, b };
  template <Kind kind>
  struct Of {
    std::uint64_t n;
  };
  struct {
    std::uint64_t n;
  } unnamed;
};
}  // namespace outer

template <class A, class B>
struct Box {
  std::uint64_t n;
  B b;
};
template <auto value>
struct Value {
  std::uint64_t n;
};
template <Color color>
struct Painted {
  std::uint64_t n;
};
template <class... T>
struct Types {
  std::uint64_t n;
};
template <template <class...> class T>
struct Template {
  std::uint64_t n;
};
template <const int& reference>
struct Reference {
  std::uint64_t n;
};
struct Literal {
  int a;
  unsigned char b;
};
template <std::size_t size>
struct Text {
  char text[size]{};
  constexpr Text(const char (&from)[size]) {  // NOLINT(*-explicit-*)
    for (std::size_t i = 0; i < size; ++i) text[i] = from[i];
  }
};
template <Text text>
struct Tagged {
  std::uint64_t n;
};

struct Members {
  int member;
  int call(int) { return 0; }
  int call(char) { return 0; }
  int call(int) const noexcept { return 0; }
};
inline constexpr int kConstant = 3;
inline int variable;
inline void function(int) {}
inline void function(double) {}
inline auto lambda = [](int) {};

inline auto local_of_inline() {
  struct Local {
    std::uint64_t n;
  };
  return Local{};
}
template <class T>
auto local_of_template() {
  struct Local {
    std::uint64_t n;
  };
  return Local{};
}

struct Unnameable {
  std::uint64_t n;
};
template <>
struct arena_shm::RecordTraits<Unnameable> {
  static RecordType describe() { return {"a name; of its own]", sizeof(Unnameable), alignof(Unnameable), {}}; }
};

/// Calls visit.template operator()<T>("T") for each of them.
template <class Visit>
void for_each_type(Visit&& visit) {
#define VISIT(...) visit.template operator()<__VA_ARGS__>(#__VA_ARGS__)
  VISIT(bool);
  VISIT(char);
  VISIT(signed char);
  VISIT(std::byte);
  VISIT(unsigned short);
  VISIT(wchar_t);
  VISIT(std::int64_t);
  VISIT(std::uint64_t);
  VISIT(float);
  VISIT(double);
  VISIT(long double);
  VISIT(__int128);
  VISIT(unsigned __int128);
  VISIT(__float128);
  VISIT(FourFloats);
  VISIT(Plain);
  VISIT(Größe);
  VISIT(FromC);
  VISIT(Either);
  VISIT(Color);
  VISIT(Unscoped);
  VISIT(Hidden);
  VISIT(Secret);
  VISIT(outer::Plain);
  VISIT(outer::Inline);
  VISIT(outer::Holder<unsigned long>::Inner);
  VISIT(outer::Holder<unsigned long long>::Inner);
  VISIT(outer::Holder<int>::Kind);
  VISIT(outer::Holder<int>::Of<outer::Holder<int>::Kind::a>);
  VISIT(outer::Holder<int>::Of<outer::Holder<int>::Kind::b>);
  VISIT(decltype(outer::Holder<int>::unnamed));
  VISIT(Box<char[3], double>);
  VISIT(Box<char[3], std::int64_t>);
  VISIT(Box<char[4], std::int64_t>);
  VISIT(Box<const char*, unsigned long>);
  VISIT(Box<char* const, unsigned long>);
  VISIT(Box<Hidden, Hidden>);
  VISIT(Box<Box<int, int>, Box<char, int[2]>>);
  VISIT(Painted<Color::red>);
  VISIT(Painted<Color::green>);
  VISIT(Painted<static_cast<Color>(7)>);
  VISIT(Value<Color::red>);
  VISIT(Value<kBelow>);
  VISIT(Value<Secret::b>);
  VISIT(Value<0>);
  VISIT(Value<0U>);
  VISIT(Value<0UL>);
  VISIT(Value<short{0}>);
  VISIT(Value<-1>);
  VISIT(Value<'a'>);
  VISIT(Value<';'>);
  VISIT(Value<true>);
  VISIT(Value<nullptr>);
  VISIT(Value<&variable>);
  VISIT(Value<static_cast<void (*)(int)>(&function)>);
  VISIT(Value<static_cast<void (*)(double)>(&function)>);
  VISIT(Value<&Members::member>);
  VISIT(Value<static_cast<int (Members::*)(int)>(&Members::call)>);
  VISIT(Value<static_cast<int (Members::*)(char)>(&Members::call)>);
  VISIT(Value<static_cast<int (Members::*)(int) const noexcept>(&Members::call)>);
  VISIT(Value<Literal{}>);
  VISIT(Value<Literal{1, 2}>);
  VISIT(Tagged<"one]">);
  VISIT(Tagged<"two]">);
  VISIT(Tagged<"T = U; V">);
  VISIT(Reference<kConstant>);
  VISIT(Types<>);
  VISIT(Types<std::nullptr_t>);
  VISIT(Types<int&, int&&, const int&, volatile int*>);
  VISIT(Types<int (*)(int), void(int) noexcept, int(&)[4], int[], int[2][3]>);
  VISIT(Types<int (Members::*)(int) const, int Members::*>);
  VISIT(Types<long double, char8_t, char16_t, wchar_t>);
  VISIT(Types<std::string, std::tuple<Types<Types<int>>>>);
  VISIT(Types<decltype(lambda)>);
  VISIT(Template<std::tuple>);
  VISIT(Template<Types>);
  VISIT(std::array<int[2], 3>);
  VISIT(std::array<int[3], 2>);
  VISIT(std::array<Box<Hidden, Members>, 2>);
  VISIT(std::optional<Plain>);
  VISIT(std::optional<Hidden>);
  VISIT(std::complex<double>);
  VISIT(std::chrono::nanoseconds);
  VISIT(std::chrono::microseconds);
  VISIT(decltype(local_of_inline()));
  VISIT(decltype(local_of_template<int>()));
  VISIT(decltype(local_of_template<long>()));
  VISIT(Unnameable);
  using Part = Types<std::array<Plain, 3>, std::array<Hidden, 5>>;
  using Long = Types<Part, Part, Part, Part, Part, Part, Part, Part>;
  VISIT(Types<Long, Long, int>);
  VISIT(Types<Long, Long, long>);
  VISIT(Types<Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe,
              Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe,
              Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe, Größe>);
  struct Local {
    std::uint64_t n;
  };
  VISIT(Local);
  VISIT(Types<Local>);
  {
    struct Local {  // NOLINT(*-shadow*): so it is
      std::uint64_t n;
    };
    VISIT(Local);
    VISIT(Types<Local>);
  }
  {
    struct Local {
      std::uint64_t n;
    };
    VISIT(Local);
    VISIT(Types<Local>);
  }
#undef VISIT
}
