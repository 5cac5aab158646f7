// The schema as a segment stores it: one JSON text that numpy.dtype(json.loads(text)) accepts as it is.
//
//   {"names": ["ts", "sym", "pos"], "formats": ["<u8", "S16", "(3,)<f4"], "offsets": [0, 8, 24], "itemsize": 40,
//    "metadata": {"fields": {"ts": {"unit": "ns"}}}}
//
// formats: "u1" "<u2" "<u4" "<u8" "i1" "<i2" "<i4" "<i8" "<f4" "<f8" "?" "SN", an array with its shape in front. "|"
// and
// "=" are read as "<"; big-endian numbers are refused. Keys that are not named here are ignored, as NumPy does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "schema/schema.hpp"

namespace arena_shm::schema {

inline constexpr std::size_t kMaxSchemaTextBytes = std::size_t{1} << 20;

/// Requires: defect(schema) is empty.
std::string to_json(const Schema& schema);

/// Reads a text from a source that is not trusted. The record's alignment is the largest that its fields ask for and
/// their places allow.
/// Errors: invalid_argument if it is not such a text, or describes fields that cannot be.
Schema parse_json(std::string_view text);

/// Same, and the text must describe a record of exactly this size.
Schema parse_json(std::string_view text, std::size_t record_bytes);

/// The same JSON without spaces, its keys in their order: the form in which texts are compared.
/// Errors: as parse_json.
std::string compact_json(std::string_view text);

}  // namespace arena_shm::schema
