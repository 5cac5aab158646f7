// What a type is called in the segment. Two programs of one record have to come to the same name, whatever compiled
// them, and two records of one program never do.
//
//   type                             name                                  why
//   bool, char                       bool, char
//   other integers up to 64 bits     u32, i64                              long and long long are the same bytes
//   float, double                    f32, f64
//   all others                       Box<char [3], unsigned long>          see below
//
// Compilers spell types in their own ways (long unsigned int, unsigned long), but mangle them in one: the Itanium C++
// ABI fixes the text that typeid(T).name() points to. The name is that text, made readable by the C++ runtime library,
// which is one for all compilers of a host. Where that leaves something out, as the difference between two local types
// of one name in one function, a hash of the mangled name follows, and so it does where the name is too long for the
// segment: main::Local#6871947673600001.
//
// A type without a name, as a lambda's, has no mangled name either that compilers agree on; nor has one that is local
// to a lambda, but for lambdas in inline functions. RecordTraits gives them one.
#pragma once

#include <cxxabi.h>

#include <cstdint>
#include <string>
#include <type_traits>
#include <typeinfo>

namespace arena_shm::core {

/// The readable, unambiguous form of what typeid(T).name() gives, never too long for the segment.
/// Cost: some microseconds, some allocations.
std::string readable_type_name(const char* mangled);

/// Refuses a name that the compiler has counted out, by what stands above it in the source: that of an unnamed type.
/// Errors: Code::invalid_argument.
void check_type_is_named(const std::string& name);

/// What the ABI calls T. Lives for ever.
template <class T>
const char* mangled_type_name() {
#if defined(__cpp_rtti)
  return typeid(T).name();
#elif defined(__cpp_exceptions)
  // Without typeid, but exceptions are told apart by the same texts: "P" and T's, for a pointer to it.
  try {
    throw static_cast<T*>(nullptr);
  } catch (...) {
    return abi::__cxa_current_exception_type()->name() + 1;
  }
#else
  static_assert(sizeof(T) == 0,
                "arena_shm: without RTTI and exceptions the type's name must come from RecordTraits<T>");
#endif
}

/// What T is called in the segment.
template <class T>
std::string type_name() {
  if constexpr (std::is_same_v<T, bool>) return "bool";
  if constexpr (std::is_same_v<T, char>) return "char";
  // Not those that only some dialects, or some compilers, count among the numbers (__int128, _Float16, __float128).
  if constexpr (std::is_same_v<T, float>) return "f32";
  if constexpr (std::is_same_v<T, double>) return "f64";
  if constexpr (std::is_integral_v<T> && sizeof(T) <= sizeof(std::uint64_t))
    return std::string(std::is_signed_v<T> ? "i" : "u").append(std::to_string(8 * sizeof(T)));
  else
    return readable_type_name(mangled_type_name<T>());
}

}  // namespace arena_shm::core
