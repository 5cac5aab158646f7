// Text lines as records: what `write` feeds into a ring. A line that is no record is refused with its number, its
// column and the reason, and the next one is tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "schema/schema.hpp"
#include "schema/value_text.hpp"

namespace arena_shm::schema {

/// One line of the input, without its line end.
struct Line {
  std::string text;
  std::uint64_t number = 0;  ///< from 1
  bool cut = false;          ///< it was longer than its reader keeps; the rest of it is gone
  bool unended = false;      ///< the input ended instead of the line
};

/// Returns: the next line, or nothing at the end of the input.
using LineSource = std::function<std::optional<Line>()>;

/// Why a line was not taken.
struct Refusal {
  std::uint64_t line = 0;  ///< from 1; where the record begins if it spans lines
  std::string column;      ///< "column 3 (px)", "byte 17", "field 'px'"; may be empty
  std::string expected;
  std::string found;
  std::string remedy;
};

/// "line 7, column 3 (px): expected a number, found 'abc'; write it like 1.5, 2e-3, nan or inf"
std::string to_string(const Refusal& refusal);

/// Of a last line that may not be whole: its input ended instead of it.
Refusal unended_line(std::uint64_t line);

enum class InputStatus { record, refused, end };

/// Thread safety: none.
class RecordInput {
 public:
  virtual ~RecordInput() = default;
  /// Fills `record`, padding zeroed, if it returns `record`; `refusal()` says why if it returns `refused`.
  /// Requires: record.size() is that of the schema's record.
  virtual InputStatus next(std::span<std::byte> record) = 0;
  const Refusal& refusal() const noexcept { return refusal_; }

 protected:
  Refusal refusal_;
};

/// No line in which record_formatter.hpp writes such a record, or its columns' names, is longer: what reads lines may
/// cut others. Some MiB at least, for those of other programs.
std::size_t longest_line_bytes(const Schema& schema);

/// CSV (RFC 4180). The first line names the columns, in any order: every field once, an array one column for each
/// element (`pos[0]`); `_seq` and `_time_ns` are ignored unless they are fields, so that what `tail` printed
/// can be written back. An empty cell too many at a row's end is none. Errors: next() throws invalid_argument if the
/// first line is no such header: then no line can be understood.
std::unique_ptr<RecordInput> csv_input(const Schema& schema, LineSource lines, char delimiter = ',',
                                       Missing missing = {});

/// NDJSON: an object a line, every field once, in any order; arrays as arrays, numbers also as strings, null is NaN.
/// `_seq` and `_time_ns` are ignored unless they are fields; lines of spaces only, and the gap objects of `tail --gaps
/// inline`, are skipped.
std::unique_ptr<RecordInput> ndjson_input(const Schema& schema, LineSource lines, Missing missing = {});

}  // namespace arena_shm::schema
