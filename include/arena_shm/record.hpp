// What the library knows about a record type: how it is named in the segment, and how it is compared at open.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "arena_shm/core/type_name.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm {

namespace core {

/// What the library itself knows of T. Errors: Code::invalid_argument, if T has no name.
template <class T>
RecordType describe_plainly(std::string schema = {}) {
  RecordType type{type_name<T>(), sizeof(T), alignof(T), std::move(schema)};
  check_type_is_named(type.name);
  return type;
}

}  // namespace core

/// How a type is called in the segment, and what it is made of. The default: its name in C++, the same for all
/// compilers (core/type_name.hpp); no schema. Specialise it for a type without a name, or for one that other programs
/// call something else:
///
///     template <>
///     struct arena_shm::RecordTraits<Tick> {
///       static RecordType describe() { return {"tick.v2", sizeof(Tick), alignof(Tick), {}}; }
///     };
///
/// A name has at most 247 bytes, and none of them is zero. An empty one agrees with every name.
template <class T>
struct RecordTraits {
  /// Returns: what the segment says of the type. Errors: Code::invalid_argument, if it has no name.
  static RecordType describe() { return core::describe_plainly<T>(); }
};

/// What may be put into an arena; all else does not compile.
template <class T>
constexpr void check_record_type() noexcept {
  static_assert(std::is_trivially_copyable_v<T>,
                "arena_shm: a record must be trivially copyable, because processes copy it as plain bytes");
  static_assert(std::is_object_v<T> && !std::is_const_v<T> && !std::is_volatile_v<T>,
                "arena_shm: a record must be a plain object type, not const, not volatile");
  static_assert(!std::is_pointer_v<T>, "arena_shm: a pointer means nothing in another process");
}

}  // namespace arena_shm
