// Objects for programs, one a line: what verbs print with --format, other than records.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "terminal/command_line.hpp"

namespace arena_shm::terminal {

/// Keys stay in the order in which they are set.
using JsonObject = nlohmann::ordered_json;

/// Null is what is not there.
template <class T>
JsonObject or_null(const std::optional<T>& value) {
  return value ? JsonObject(*value) : JsonObject();
}

enum class LineFormat : std::uint8_t { table, ndjson, csv };

/// What the options of a verb say.
struct ObjectFormat {
  LineFormat lines = LineFormat::table;
  bool quote_int64 = false;  ///< integers are texts, which no JSON reader rounds

  bool is_table() const noexcept { return lines == LineFormat::table; }
};

/// Makes texts of all integers, also of those inside.
void quote_integers(JsonObject& value);

/// Requires: a format that is not table. Thread safety: none.
class ObjectLines {
 public:
  explicit ObjectLines(ObjectFormat format) noexcept : format_(format) {}

  /// NaN is null. Texts that are not UTF-8 are repaired.
  ///   ndjson  one object
  ///   csv     RFC 4180 with \n, the keys before the first line; null is an empty cell.
  ///           Requires: the keys of the first object, and no arrays or objects inside
  void append(std::string& out, JsonObject object);

 private:
  ObjectFormat format_;
  bool has_heading_ = false;
};

/// `--int64 number|string`, of every verb that prints JSON.
void add_int64_option(const Command& verb, bool& quote);
/// `--format table|ndjson|json|csv`, and --int64
void add_format_option(const Command& verb, ObjectFormat& format);
/// `--format table|ndjson|json`, for objects that are no rows of one table, and --int64
void add_nested_format_option(const Command& verb, ObjectFormat& format);

}  // namespace arena_shm::terminal
