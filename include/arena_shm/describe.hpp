// Record types that Boost.Describe knows: the segment then says what its records are made of.
//
//   #include <arena_shm/arena.hpp>
//   #include <arena_shm/describe.hpp>
//
//   enum class Side : std::uint8_t { buy, sell };
//   BOOST_DESCRIBE_ENUM(Side, buy, sell)
//   struct Tick { std::uint64_t ts; double px; Side side; char sym[8]; };
//   BOOST_DESCRIBE_STRUCT(Tick, (), (ts, px, side, sym))
//   template <>                                                         // if there is more to say
//   inline constexpr auto arena_shm::kFieldNotes<Tick> =
//       std::array{arena_shm::FieldNote{.field = "ts", .unit = "ns", .is_time = true}, {.field = "px", .unit = "USD"}};
//
// The schema is one JSON text, which numpy.dtype reads as it is. A member that is itself a described struct, and a base
// class, are laid flat: `pos.x`, `legs[1].px`. A type that is not described keeps its name, size and alignment.
// Whether a type is described has to be known wherever an arena of it is used: include this header where the type is.
#pragma once

#include <array>
#include <bit>
#include <boost/describe.hpp>
#include <boost/mp11/algorithm.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "arena_shm/record.hpp"

namespace arena_shm {

/// What a field's type does not tell.
struct FieldNote {
  /// A member, or one of a member that is a described struct: "accel.x", or "accel" for the unit of all in it. The note
  /// of the outer type goes before that of the inner one, and one for a member before one for all.
  std::string_view field;
  std::string_view unit = {};  ///< "ns", "USD", "m/s", ...
  bool is_time = false;  ///< says when the record was made: nanoseconds since 1970, unless the unit says otherwise
};

/// Specialise it for a described type to annotate its members.
template <class T>
inline constexpr std::array<FieldNote, 0> kFieldNotes{};

namespace core {

/// Gathers fields, and writes them down.
class SchemaText {
 public:
  /// `format` as numpy has it, "<f8"; `enumerators` as members of a JSON object, may be empty.
  void add(const std::string& name, const std::string& format, std::size_t offset_bytes, const FieldNote& note,
           const std::string& enumerators);
  std::string json(std::size_t record_bytes) const;

 private:
  std::string names_;
  std::string formats_;
  std::string offsets_;
  std::string notes_;
  std::string time_;
};

template <class T>
inline constexpr bool kIsDescribed = boost::describe::has_describe_members<T>::value;

template <class T>
struct ArrayOf {
  static constexpr bool value = false;
};
template <class T, std::size_t n>
struct ArrayOf<T[n]> {
  static constexpr bool value = true;
  static constexpr std::size_t extent = n;
  using Element = T;
};
template <class T, std::size_t n>
struct ArrayOf<std::array<T, n>> : ArrayOf<T[n]> {};

/// "<u4" of a type that is no array and no struct.
template <class T>
std::string scalar_format() {
  static_assert(!std::is_pointer_v<T> && !std::is_member_pointer_v<T> && !std::is_null_pointer_v<T>,
                "arena_shm: a pointer means nothing in another process");
  if constexpr (std::is_enum_v<T>) {
    return scalar_format<std::underlying_type_t<T>>();
  } else {
    static_assert(std::is_arithmetic_v<T>,
                  "arena_shm: a member of a described record must be a number, an enum, an array or a "
                  "struct that is described, too (BOOST_DESCRIBE_STRUCT)");
    static_assert(sizeof(T) <= 8, "arena_shm: numbers of a described record have at most 64 bits");
    if constexpr (std::is_same_v<T, bool>) return "?";
    if constexpr (std::is_same_v<T, char>) return "S1";
    const char* kind = std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "i" : "u";
    return (sizeof(T) > 1 ? "<" : "") + std::string(kind) + std::to_string(sizeof(T));
  }
}

/// "\"buy\":0,\"sell\":1", if T is a described enum.
template <class T>
std::string enumerators_of() {
  std::string text;
  if constexpr (std::is_enum_v<T>) {
    if constexpr (boost::describe::has_describe_enumerators<T>::value) {
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto enumerator) {
        if (!text.empty()) text += ',';
        text += '"' + std::string(enumerator.name) +
                "\":" + std::to_string(static_cast<std::underlying_type_t<T>>(enumerator.value));
      });
    }
  }
  return text;
}

/// What is said of a struct's members by the type around it, which calls the struct `path`.
struct NotesAround {
  std::span<const FieldNote> notes;
  std::string_view path;
  const NotesAround* outer = nullptr;
};

/// `own`: the notes of the type that has the member.
inline FieldNote note_of(std::span<const FieldNote> own, std::string_view member, const NotesAround* around) {
  FieldNote note;
  for (const FieldNote& candidate : own) {
    if (candidate.field == member) note = candidate;
  }
  std::string path(member);
  for (; around != nullptr; around = around->outer) {
    path.insert(0, std::string(around->path) + ".");
    const FieldNote* exact = nullptr;
    for (const FieldNote& candidate : around->notes) {
      if (candidate.field == path) exact = &candidate;
      if (note.unit.empty() && path.starts_with(std::string(candidate.field) + '.')) note.unit = candidate.unit;
    }
    if (exact != nullptr) note = *exact;
  }
  return note;
}

template <class T>
void describe_members(SchemaText& schema, const std::string& prefix, std::size_t offset_bytes,
                      const NotesAround* around = nullptr);

/// Adds a field of type T; `inside` is for its members, if it is a struct; `shape` holds the extents of the arrays
/// around it, as "2,3,".
template <class T>
void describe_field(SchemaText& schema, const std::string& name, std::size_t offset_bytes, const FieldNote& note,
                    const NotesAround& inside, const std::string& shape = {}) {
  if constexpr (ArrayOf<T>::value) {
    using Element = typename ArrayOf<T>::Element;
    constexpr std::size_t extent = ArrayOf<T>::extent;
    if constexpr (std::is_same_v<Element, char>) {
      schema.add(name, (shape.empty() ? "" : '(' + shape + ')') + 'S' + std::to_string(extent), offset_bytes, note, {});
    } else if constexpr (std::is_class_v<Element> && !ArrayOf<Element>::value) {
      static_assert(kIsDescribed<Element>, "arena_shm: describe the element type, too (BOOST_DESCRIBE_STRUCT)");
      for (std::size_t i = 0; i < extent; ++i)
        describe_members<Element>(schema, name + '[' + std::to_string(i) + "].", offset_bytes + i * sizeof(Element),
                                  &inside);
    } else {
      describe_field<Element>(schema, name, offset_bytes, note, inside, shape + std::to_string(extent) + ',');
    }
  } else if constexpr (std::is_class_v<T>) {
    static_assert(kIsDescribed<T>, "arena_shm: describe the member's type, too (BOOST_DESCRIBE_STRUCT)");
    describe_members<T>(schema, name + '.', offset_bytes, &inside);
  } else {
    // As Python writes tuples: "(3,)", but "(2,3)".
    std::string extents = shape;
    if (extents.find(',') != extents.rfind(',')) extents.pop_back();
    schema.add(name, (extents.empty() ? "" : '(' + extents + ')') + scalar_format<T>(), offset_bytes, note,
               enumerators_of<T>());
  }
}

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited>;

/// What an array, of arrays perhaps, is made of.
template <class T>
struct Innermost {
  using Type = T;
};
template <class T>
requires(ArrayOf<T>::value) struct Innermost<T> : Innermost<typename ArrayOf<T>::Element> {
};

/// Is there a member of T of that name, "accel" or "accel.x"? The time is one number, and no struct.
template <class T>
constexpr bool has_member(std::string_view field, bool is_time) {
  bool found = false;
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    using Member = std::remove_cvref_t<decltype(std::declval<T&>().*decltype(member)::pointer)>;
    using Inner = typename Innermost<Member>::Type;
    const std::string_view name = member.name;
    if (field == name) found = found || !is_time || !std::is_class_v<Inner>;
    if constexpr (std::is_class_v<Inner> && kIsDescribed<Inner>) {
      if (field.size() > name.size() && field.starts_with(name) && field[name.size()] == '.')
        found = found || has_member<Inner>(field.substr(name.size() + 1), is_time);
    }
  });
  return found;
}

template <class T>
consteval bool notes_name_members() {
  for (const FieldNote& note : kFieldNotes<T>) {
    bool found = has_member<T>(note.field, note.is_time);
    for (const char c : note.unit) found = found && c >= ' ' && c != '"' && c != '\\';
    if (!found) return false;
  }
  return true;
}

template <class T>
void describe_members(SchemaText& schema, const std::string& prefix, std::size_t offset_bytes,
                      const NotesAround* around) {
  static_assert(!std::is_union_v<T>,
                "arena_shm: a union is refused, because nobody knows which of its members is valid");
  static_assert(notes_name_members<T>(),
                "arena_shm: a note must name a described member, and its unit must have no quotes or backslashes");
  const T value = std::bit_cast<T>(std::array<std::byte, sizeof(T)>{});
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    const auto& place = value.*decltype(member)::pointer;
    const auto offset = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&place) - begin);
    using Member = std::remove_cvref_t<decltype(place)>;
    describe_field<Member>(schema, prefix + member.name, offset_bytes + offset,
                           note_of(kFieldNotes<T>, member.name, around), {kFieldNotes<T>, member.name, around});
  });
}

}  // namespace core

/// Described types: their name and their schema.
template <class T>
requires(core::kIsDescribed<T>) struct RecordTraits<T> {
  /// Returns: what the segment says of the type.
  static RecordType describe() {
    core::SchemaText schema;
    core::describe_members<T>(schema, {}, 0);
    return core::describe_plainly<T>(schema.json(sizeof(T)));
  }
};

}  // namespace arena_shm
