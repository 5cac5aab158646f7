// The lines of a text of records: where its heading is, what separates its cells, and which lines are none of them.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recording/line_reader.hpp"
#include "schema/record_input.hpp"
#include "schema/schema.hpp"

namespace arena_shm::recording {

/// How CSV may be written otherwise than in RFC 4180.
struct TextDialect {
  char delimiter = '\0';              ///< '\0': found out
  std::vector<std::string> header{};  ///< names the columns of a text that has no heading
  char comment = '\0';                ///< lines that begin so are left out; '\0': '#', where no value can begin so
};

/// Thread safety: none.
class TextLines {
 public:
  /// Requires: the reader stays there.
  TextLines(LineReader& reader, TextDialect dialect) : reader_(reader), dialect_(std::move(dialect)) {}

  /// The first line that is neither empty nor a comment; nothing if there is none. Errors: as LineReader::next.
  const std::optional<schema::Line>& first();
  bool is_ndjson();
  /// Finds out how the text is written that holds such records.
  void settle(const schema::Schema& schema);

  /// After settle: what is between the cells of CSV.
  char delimiter() const noexcept { return dialect_.delimiter; }
  /// After settle: is it among the columns of CSV?
  bool has_column(std::string_view name) const noexcept;
  /// After settle: the next line, the heading first. Errors: as LineReader::next.
  std::optional<schema::Line> next();

 private:
  bool is_comment(const schema::Line& line) const;
  bool take_heading(const schema::Schema& schema, const schema::Line& line, std::string_view text);
  void put_header(const schema::Schema& schema);

  LineReader& reader_;
  TextDialect dialect_;
  bool has_looked_ = false;
  std::optional<schema::Line> first_;
  std::optional<schema::Line> commented_;  // the last comment in front of it: it may be the heading
  std::deque<schema::Line> ahead_;
  std::vector<std::string> columns_;
  bool may_begin_with_hash_ = true;  // may a row?
  bool in_quotes_ = false;
};

}  // namespace arena_shm::recording
