// One element of a field as text, and text as one element of a field. Every format of the tool goes through here, so
// that a value looks the same everywhere and what was written can be read back.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schema/schema.hpp"

namespace arena_shm::schema {

enum class Style {
  plain,   ///< for the eye: control characters escaped
  csv,     ///< RFC 4180: texts in quotes where needed
  json,    ///< texts in quotes, NaN and infinities null
  influx,  ///< line protocol: 3i, 3u, 1.5, true, "text"; nothing at all for NaN and infinities
};

/// Appends one element. Integers are exact, and an enum's are their name, if they have one; floating-point numbers have
/// the fewest digits that read back the same, and always a point, an exponent or a name; texts end at the first NUL;
/// ill-formed UTF-8 becomes U+FFFD (`plain`: \xHH). Requires: element.size() == field.element_bytes.
void append_value(std::string& out, const Field& field, std::span<const std::byte> element, Style style);

/// Why a text is no value of a field.
struct Mismatch {
  std::string expected;
  std::string found;
  std::string remedy;
};

/// Stores the text as one element of the field: a decimal integer, a name of its enum, a decimal number or nan / inf /
/// -inf, true / false or 1 / 0, or the text itself, filled up with NUL. Requires: element.size() ==
/// field.element_bytes. Returns: nothing if that went well.
std::optional<Mismatch> parse_value(const Field& field, std::string_view text, std::span<std::byte> element);

}  // namespace arena_shm::schema
