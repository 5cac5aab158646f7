// What the library knows about a record type: how it is named in the segment, and how it is compared at open.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm {

namespace core {

template <class T>
constexpr std::string_view spelled_name() noexcept {
  std::string_view text = __PRETTY_FUNCTION__;
  const std::size_t begin = text.find("T = ") + 4;
  return text.substr(begin, text.find_first_of(";]", begin) - begin);
}

/// The compiler's name of T; for numbers, whose names differ between compilers, "u32", "i64", "f64".
template <class T>
std::string type_name() {
  if constexpr (std::is_same_v<T, bool>) return "bool";
  if constexpr (std::is_same_v<T, char>) return "char";
  if constexpr (std::is_floating_point_v<T>) return std::string("f").append(std::to_string(8 * sizeof(T)));
  if constexpr (std::is_integral_v<T>)
    return std::string(std::is_signed_v<T> ? "i" : "u").append(std::to_string(8 * sizeof(T)));
  std::string name(spelled_name<T>());
  constexpr std::size_t longest = sizeof(Header::type_name) - 1;
  if (name.size() > longest) {  // keeps long template names apart by their hash
    const std::string tail = std::string("#").append(std::to_string(fnv1a(name.data(), name.size())));
    name = name.substr(0, longest - tail.size()) + tail;
  }
  return name;
}

}  // namespace core

/// Specialise it to give a type another name, or a schema. The default: the compiler's name, no schema.
template <class T>
struct RecordTraits {
  static RecordType describe() { return {core::type_name<T>(), sizeof(T), alignof(T), {}}; }
};

/// What may be put into an arena.
template <class T>
constexpr void check_record_type() noexcept {
  static_assert(std::is_trivially_copyable_v<T>,
                "arena_shm: a record must be trivially copyable, for it travels between processes as plain bytes");
  static_assert(std::is_object_v<T> && !std::is_const_v<T> && !std::is_volatile_v<T>,
                "arena_shm: a record is a plain object type, not const, not volatile");
  static_assert(!std::is_pointer_v<T>, "arena_shm: a pointer means nothing in another process");
}

}  // namespace arena_shm
