// One element of a field as text, and text as one element of a field. Every format of the tool goes through here, so
// that a value looks the same everywhere and what was written can be read back.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.hpp"

namespace arena_shm::schema {

enum class Style {
  plain,   ///< for the eye: control characters escaped
  csv,     ///< RFC 4180: texts in quotes where needed
  json,    ///< texts in quotes, NaN null, infinities "Infinity" and "-Infinity"
  influx,  ///< line protocol: 3i, 3u, 1.5, true, "text"; nothing at all for NaN and infinities
};

/// Appends one element. Integers are exact, and an enum's are their name, if they have one; floating-point numbers have
/// the fewest digits that read back the same, and always a point, an exponent or a name; texts end at the first NUL;
/// ill-formed UTF-8 becomes U+FFFD (`plain`: \xHH). Requires: element.size() == field.element_bytes.
void append_value(std::string& out, const Field& field, std::span<const std::byte> element, Style style);

/// A text's bytes up to the first NUL or the end.
std::string_view text_of(std::span<const std::byte> element);

/// Why a text is no value of a field.
struct Mismatch {
  std::string expected;
  std::string found;
  std::string remedy;
};

/// How texts say that there is no value. Compared in any case, and without the spaces around a cell.
class Missing {
 public:
  /// An empty text, and what pandas, R, SQL and spreadsheets write: NA, N/A, #N/A, null, None, ?, ...
  Missing();
  /// These, and no others.
  explicit Missing(const std::vector<std::string>& spellings);

  bool is(std::string_view text) const;

 private:
  std::vector<std::string> lower_;
};

/// Stores the text as one element of the field: a name of its enum; a number or a truth value as number_text.hpp has
/// them; a time as time_text.hpp has it, if the field is printed as one; or the text itself, filled up with NUL. What
/// is missing is NaN in a floating-point field, an empty or odd text as it is in a text, and refused elsewhere.
/// Requires: element.size() == field.element_bytes. Returns: nothing if that went well.
std::optional<Mismatch> parse_value(const Field& field, std::string_view text, std::span<std::byte> element,
                                    const Missing& missing);

/// The same schema with its time field, if it is an integer with a unit of time, to be printed and read as a time.
Schema with_times(Schema schema);

}  // namespace arena_shm::schema
