#include "recording/text_lines.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "schema/value_time.hpp"

namespace arena_shm::recording {

namespace {

using schema::Line;
using schema::Schema;

constexpr std::string_view kDelimiters = ",;\t| ";  // the likeliest first
constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// Between words there is one space, unless there are quotes.
std::string single_spaced(std::string_view text) {
  std::string out(trimmed(text));
  if (out.find('"') != std::string::npos) return out;
  out.erase(std::unique(out.begin(), out.end(), [](char a, char b) { return a == ' ' && b == ' '; }), out.end());
  return out;
}

// Where a cell ends, which may have delimiters between quotes.
std::size_t cell_end(std::string_view text, char delimiter) {
  bool in_quotes = false;
  const std::size_t begin = text.find_first_not_of(kBlank);
  const bool is_quoted = begin != std::string_view::npos && text[begin] == '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_quoted && text[i] == '"') in_quotes = !in_quotes;
    if (!in_quotes && text[i] == delimiter) return i;
  }
  return std::string_view::npos;
}

std::string unquoted(std::string_view cell) {
  if (cell.size() < 2 || cell.front() != '"' || cell.back() != '"') return std::string(cell);
  std::string text;
  for (std::size_t i = 1; i + 1 < cell.size(); ++i) {
    text += cell[i];
    if (cell[i] == '"') ++i;  // there are two of them
  }
  return text;
}

std::vector<std::string> cells_of(std::string_view text, char delimiter) {
  std::vector<std::string> cells;
  const std::string spaced = delimiter == ' ' ? single_spaced(text) : std::string(text);
  for (std::string_view rest = spaced;;) {
    const std::size_t end = cell_end(rest, delimiter);
    cells.push_back(unquoted(trimmed(rest.substr(0, end))));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (cells.size() > 1 && cells.back().empty()) cells.pop_back();
  return cells;
}

// Every column once, in any order, and perhaps `_seq` and `_time_ns`.
bool names_columns(const Schema& schema, const std::vector<std::string>& cells) {
  std::set<std::string> expected;
  for (const schema::Field& field : schema.fields) {
    for (std::size_t i = 0; i < field.element_count(); ++i) expected.insert(field.element_name(i));
  }
  for (const std::string& cell : cells) {
    if (expected.erase(cell) == 0 && !schema::is_beside(schema, cell)) return false;
  }
  return expected.empty();
}

// No number begins with '#', but a text may.
bool is_text(const Schema& schema, const std::string& column) {
  return std::any_of(schema.fields.begin(), schema.fields.end(), [&](const schema::Field& field) {
    if (field.kind != schema::Kind::text) return false;
    for (std::size_t i = 0; i < field.element_count(); ++i) {
      if (field.element_name(i) == column) return true;
    }
    return false;
  });
}

// The X of "sep=X", which Excel writes in front of the heading.
std::optional<char> separator_of(std::string_view line) {
  constexpr std::string_view kBegin = "sep=";
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() != kBegin.size() + 1 || !line.starts_with(kBegin)) return std::nullopt;
  return line.back();
}

}  // namespace

bool TextLines::is_comment(const Line& line) const {
  if (line.text.empty() || in_quotes_) return false;
  return dialect_.comment != '\0' ? line.text.front() == dialect_.comment : line.text.front() == '#';
}

const std::optional<Line>& TextLines::first() {
  if (std::exchange(has_looked_, true)) return first_;
  while (auto line = reader_.next()) {
    if (trimmed(line->text).empty()) continue;
    if (const auto separator = separator_of(line->text)) {
      if (dialect_.delimiter == '\0') dialect_.delimiter = *separator;
    } else if (is_comment(*line)) {
      commented_ = std::move(line);
    } else {
      first_ = std::move(line);
      break;
    }
  }
  return first_;
}

bool TextLines::has_column(std::string_view name) const noexcept {
  return std::find(columns_.begin(), columns_.end(), name) != columns_.end();
}

bool TextLines::is_ndjson() { return first() && trimmed(first_->text).starts_with('{'); }

void TextLines::settle(const Schema& schema) {
  if (is_ndjson()) {
    ahead_.push_back(*first_);
    return;
  }
  if (!dialect_.header.empty()) {
    put_header(schema);
  } else if (commented_) {
    // The heading may be behind a '#', or may be a name that begins so.
    const std::string_view text = commented_->text;
    if (!take_heading(schema, *commented_, text.substr(1))) take_heading(schema, *commented_, text);
  }
  if (!first_) return;
  if (ahead_.empty()) {
    if (take_heading(schema, *first_, first_->text)) return;
    if (dialect_.delimiter == '\0') dialect_.delimiter = ',';
  }
  ahead_.push_back(*first_);
}

bool TextLines::take_heading(const Schema& schema, const Line& line, std::string_view text) {
  const std::string_view given(&dialect_.delimiter, 1);
  for (const char delimiter : dialect_.delimiter != '\0' ? given : kDelimiters) {
    const auto cells = cells_of(text, delimiter);
    if (!names_columns(schema, cells)) continue;
    dialect_.delimiter = delimiter;
    columns_ = cells;
    may_begin_with_hash_ = is_text(schema, cells.front());
    Line heading = line;
    heading.text = delimiter == ' ' ? single_spaced(text) : std::string(text);
    ahead_.push_back(std::move(heading));
    return true;
  }
  return false;
}

// In front of the first line, whose cells tell what is between them.
void TextLines::put_header(const Schema& schema) {
  const std::size_t count = dialect_.header.size();
  if (dialect_.delimiter == '\0') {
    const auto fits = [&](char delimiter) { return first_ && cells_of(first_->text, delimiter).size() == count; };
    const auto found = std::find_if(kDelimiters.begin(), kDelimiters.end(), fits);
    dialect_.delimiter = found != kDelimiters.end() ? *found : ',';
  }
  columns_ = dialect_.header;
  may_begin_with_hash_ = is_text(schema, dialect_.header.front());
  Line heading;
  heading.number = first_ ? first_->number : 1;
  for (const std::string& name : dialect_.header) {
    if (!heading.text.empty()) heading.text += dialect_.delimiter;
    const bool has_delimiter = name.find(dialect_.delimiter) != std::string::npos;
    heading.text += has_delimiter ? '"' + name + '"' : name;
  }
  ahead_.push_back(std::move(heading));
}

std::optional<Line> TextLines::next() {
  if (!ahead_.empty()) {
    Line line = std::move(ahead_.front());
    ahead_.pop_front();
    return line;
  }
  while (auto line = reader_.next()) {
    if (is_ndjson()) return line;
    if ((dialect_.comment != '\0' || !may_begin_with_hash_) && is_comment(*line)) continue;
    if (std::count(line->text.begin(), line->text.end(), '"') % 2 != 0) in_quotes_ = !in_quotes_;
    if (dialect_.delimiter == ' ') line->text = single_spaced(line->text);
    return line;
  }
  return std::nullopt;
}

}  // namespace arena_shm::recording
