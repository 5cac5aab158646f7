// Objects for programs, one a line: what verbs print with --format, other than records.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "terminal/command_line.hpp"

namespace arena_shm::terminal {

/// Keys stay in the order in which they are set.
using JsonObject = nlohmann::ordered_json;

enum class LineFormat : std::uint8_t { table, ndjson, csv };

/// Requires: a format that is not table. Thread safety: none.
class ObjectLines {
 public:
  explicit ObjectLines(LineFormat format) noexcept : format_(format) {}

  /// NaN is null. Texts that are not UTF-8 are repaired.
  ///   ndjson  one object
  ///   csv     RFC 4180 with \n, the keys before the first line; null is an empty cell.
  ///           Requires: the keys of the first object, and no arrays or objects inside
  void append(std::string& out, const JsonObject& object);

 private:
  LineFormat format_;
  bool has_heading_ = false;
};

/// `--format table|ndjson|json|csv`
void add_format_option(const Command& verb, LineFormat& format);
/// `--format table|ndjson|json`, for objects that are no rows of one table.
void add_nested_format_option(const Command& verb, LineFormat& format);

}  // namespace arena_shm::terminal
