// What a record is made of: fields with a name, a type, and a place in the record. Text forms of it are in
// fields_language.hpp (what a person types) and schema_json.hpp (what a segment stores); decoding of records is in
// record_formatter.hpp, encoding in record_input.hpp.
//
// Nested structs are laid flat, with names like "pos.x" (describe.hpp); an enum is an integer with names for its
// values. Whoever walks over a Schema switches on `kind`, and gets at elements through Field only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace arena_shm::schema {

enum class Kind : std::uint8_t {
  unsigned_integer,  ///< u8, u16, u32, u64
  signed_integer,    ///< i8, i16, i32, i64
  floating,          ///< f32, f64
  boolean,           ///< bool, one byte
  text,              ///< s1 (char) to sN: bytes up to the first NUL or the end, meant as UTF-8
};

inline constexpr std::size_t kMaxRecordBytes = std::size_t{1} << 20;  ///< of a record that has a schema
inline constexpr std::size_t kMaxFields = 4096;
inline constexpr std::size_t kMaxNameBytes = 255;
inline constexpr std::size_t kMaxDimensions = 8;

/// A value of an enum.
struct Enumerator {
  std::string name;
  std::uint64_t value = 0;  ///< of a signed type: as std::int64_t, in two's complement
  friend bool operator==(const Enumerator&, const Enumerator&) = default;
};

struct Field {
  std::string name;
  Kind kind = Kind::unsigned_integer;
  std::size_t offset_bytes = 0;
  std::size_t element_bytes = 0;        ///< of one element
  std::vector<std::size_t> shape;       ///< extents, outermost first; empty: not an array
  std::string unit;                     ///< "USD", "ns", ...; empty: none
  bool as_time = false;                 ///< to be printed as a time: an integer that counts `unit`s (ns) since 1970
  bool as_text = false;                 ///< to be printed in quotes where JSON readers would round it
  std::vector<Enumerator> enumerators;  ///< of an integer that is an enum

  std::size_t element_count() const noexcept;
  std::size_t size_bytes() const noexcept { return element_bytes * element_count(); }
  bool is_array() const noexcept { return !shape.empty(); }
  /// Alignment of the same member in a C struct.
  std::size_t align_bytes() const noexcept { return kind == Kind::text ? 1 : element_bytes; }
  /// "f32[3]", "s16", ...: as the fields language spells it.
  std::string type_name() const;
  /// "pos[1][2]": the name of one element, as CSV columns have it; just the name if this is no array.
  std::string element_name(std::size_t index) const;
  /// Requires: record.size() >= offset_bytes + size_bytes(), index < element_count().
  std::span<const std::byte> element(std::span<const std::byte> record, std::size_t index) const {
    return record.subspan(offset_bytes + index * element_bytes, element_bytes);
  }
  std::span<std::byte> element(std::span<std::byte> record, std::size_t index) const {
    return record.subspan(offset_bytes + index * element_bytes, element_bytes);
  }
  friend bool operator==(const Field&, const Field&) = default;
};

struct Schema {
  std::vector<Field> fields;
  std::size_t size_bytes = 0;   ///< of the record, with all padding
  std::size_t align_bytes = 1;  ///< of the record: a power of two that divides size_bytes
  std::string time_field;  ///< says when a record was made: an integer in ns, unless its unit says otherwise; or none

  /// The field of that name, or null.
  const Field* find(std::string_view name) const noexcept;
  /// The same, or an element or a row of an array: "pos[1]" of "pos" with the shape {2, 3} is a row of 3. Nothing if
  /// the name means no part of a field.
  std::optional<Field> find_part(std::string_view name) const;
  /// Names of all fields, for messages: "ts, px, sym".
  std::string names() const;
  /// The same record, seen through some of its fields only, in the order asked for. "pos[1]" is an element, or a row,
  /// of an array; "leg" stands for all of "leg.px", "leg.steps", ...
  /// Errors: invalid_argument for a name that is unknown or given twice.
  Schema select(const std::vector<std::string>& wanted) const;
  friend bool operator==(const Schema&, const Schema&) = default;
};

/// Names of the tool's own columns and keys, which fields cannot have.
inline constexpr std::string_view kSeqColumn = "_seq";
inline constexpr std::string_view kGapKey = "_gap";
/// Where values of several arenas are among each other: which one. No field of theirs may have this name.
inline constexpr std::string_view kArenaColumn = "_arena";
/// The same for the time of a value. A field may have this name: then there is no such column.
inline constexpr std::string_view kTimeColumn = "_time_ns";
/// The key of an object that is no record: of an arena that took the place of another one. A field may have this name.
inline constexpr std::string_view kRestartKey = "_restart";

/// Checks everything that decoding relies on: names, sizes, that all fields lie in the record and apart from each
/// other. Returns: what is wrong with it, or an empty text.
std::string defect(const Schema& schema);

}  // namespace arena_shm::schema
