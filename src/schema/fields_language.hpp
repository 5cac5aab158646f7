// The language in which a person says what a record is made of:
//
//   list  = item { "," item }                 'u64 ts, f64 px, 4x, s16 sym, f32[3] pos'
//   item  = type name | padding
//   type  = base { "[" count "]" }
//   base  = u8 u16 u32 u64 | i8 i16 i32 i64 | f32 f64 | bool | char | sN        (sN is char[N])
//   padding = Nx                              (N bytes that nobody uses)
//   name  = a letter or _, then letters, digits and _
//
// Every field is aligned as in C, and the record is padded at its end, so that the layout equals that of the C struct
// with the same members.
#pragma once

#include <string>
#include <string_view>

#include "schema/schema.hpp"

namespace arena_shm::schema {

/// A text that begins with { is a schema as JSON, which also knows nested names, units and enums.
/// Errors: invalid_argument, with the column (from 1) at which the text stops making sense.
Schema parse_fields(std::string_view text);

/// The same record in the language: `parse_fields(to_fields(s))` equals `s` for all that parse_fields returns
/// of the language.
/// Gaps that alignment does not explain become padding items. Units are not part of the language.
std::string to_fields(const Schema& schema);

}  // namespace arena_shm::schema
