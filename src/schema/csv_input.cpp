#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "arena_shm/error.hpp"
#include "schema/record_input.hpp"
#include "schema/value_text.hpp"
#include "schema/value_time.hpp"
#include "text/quantities.hpp"
#include "text/utf8.hpp"

namespace arena_shm::schema {

namespace {

using Cells = std::vector<std::string>;

// One row at a time through libcsv: it is fed line by line, so that we know on which line a row begins, and how far to
// go back when a quote is never closed.
class RowParser {
 public:
  enum class Outcome { row, unfinished, malformed };

  RowParser(std::size_t most_cells, char delimiter) : most_cells_(most_cells) {
    // It grows its buffer by so much at a time.
    constexpr std::size_t kGrowthBytes = std::size_t{1} << 14;
    csv_init(&parser_, CSV_STRICT);
    csv_set_blk_size(&parser_, kGrowthBytes);
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
    csv_set_term_func(&parser_, [](unsigned char c) { return static_cast<int>(c == '\n'); });
    csv_set_space_func(&parser_, [](unsigned char c) { return static_cast<int>(c == ' ' || c == '\t' || c == '\r'); });
  }
  ~RowParser() { csv_free(&parser_); }
  RowParser(const RowParser&) = delete;
  RowParser& operator=(const RowParser&) = delete;

  Outcome feed(const std::string& line) {
    const std::string text = line + '\n';
    const std::size_t used = csv_parse(&parser_, text.data(), text.size(), on_cell, on_row, this);
    if (used != text.size()) return Outcome::malformed;
    return complete_ ? Outcome::row : Outcome::unfinished;
  }

  /// At most so many as were asked for; cell_count() is all of them.
  Cells take_cells() { return std::move(cells_); }
  std::size_t cell_count() const noexcept { return cell_count_; }

 private:
  // libcsv is C: nothing may be thrown through it.
  static void on_cell(void* text, std::size_t bytes, void* self) noexcept {
    auto& row = *static_cast<RowParser*>(self);
    if (row.cell_count_++ < row.most_cells_) row.cells_.emplace_back(static_cast<const char*>(text), bytes);
  }
  static void on_row(int, void* self) noexcept { static_cast<RowParser*>(self)->complete_ = true; }

  csv_parser parser_{};
  std::size_t most_cells_;
  std::size_t cell_count_ = 0;
  Cells cells_;
  bool complete_ = false;
};

// What a column of the input is for: an element of a field, or nothing (`_seq`, `_time_ns`).
struct Column {
  std::string name;
  const Field* field = nullptr;
  std::size_t element = 0;
};

class CsvInput final : public RecordInput {
 public:
  CsvInput(Schema schema, LineSource lines, char delimiter, Missing missing)
      : schema_(with_times(std::move(schema))),
        lines_(std::move(lines)),
        delimiter_(delimiter),
        missing_(std::move(missing)) {
    for (const Field& field : schema_.fields) most_cells_ += field.element_count();
  }

  InputStatus next(std::span<std::byte> record) override {
    if (columns_.empty()) {
      const InputStatus status = next_row();
      if (status == InputStatus::end) return status;
      if (status == InputStatus::refused) fail_header("a line that is not a row of CSV");
      read_header();
    }
    const InputStatus status = next_row();
    return status == InputStatus::record ? parse_row(record) : status;
  }

 private:
  static constexpr std::size_t kLeastRowLines = 1000;
  static constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  static constexpr std::string_view kQuoting =
      R"(put a text that has quotes into quotes, and double the inner ones: "a ""b""")";

  // The line so many lines after the last finished row, or null at the end.
  const Line* look_ahead(std::size_t index) {
    while (index >= ahead_.size()) {
      auto line = lines_();
      if (!line) return nullptr;
      if (line->number == 1 && line->text.starts_with(kByteOrderMark)) line->text.erase(0, kByteOrderMark.size());
      ahead_.push_back(std::move(*line));
    }
    return &ahead_[index];
  }

  // Leaves the row's cells in cells_ and its first line's number in refusal_.line.
  InputStatus next_row() {
    while (const Line* first = look_ahead(0)) {
      refusal_ = {.line = first->number, .column = {}, .expected = {}, .found = {}, .remedy = {}};
      if (first->text.find_first_not_of(" \t\r") == std::string::npos) {
        ahead_.pop_front();
        continue;
      }
      RowParser row(most_cells_, delimiter_);
      std::size_t bytes = 0;
      for (std::size_t used = 0;; ++used) {
        const Line* line = used < most_lines_ && bytes <= most_bytes_ ? look_ahead(used) : nullptr;
        if (!line) return refuse_line("a closing quote", missing_quote(used, bytes), kQuoting);
        if (line->cut) return refuse_line("a shorter line", fmt::format("more than {} bytes", line->text.size()), {});
        bytes += line->text.size();
        switch (row.feed(line->text)) {
          case RowParser::Outcome::malformed:
            return refuse_line("quotes only around a whole cell", "a quote inside a cell", kQuoting);
          case RowParser::Outcome::unfinished: continue;
          case RowParser::Outcome::row: break;
        }
        ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(used + 1));
        cell_count_ = row.cell_count();
        cells_ = row.take_cells();
        return InputStatus::record;
      }
    }
    return InputStatus::end;
  }

  std::string missing_quote(std::size_t lines, std::size_t bytes) const {
    if (bytes > most_bytes_) return fmt::format("none in {} bytes", bytes);
    return lines < most_lines_ ? "none" : "none in " + text::counted(lines, "line");
  }

  // Gives up the row's first line only: if its quote was never closed, the next line is one of its own.
  InputStatus refuse_line(std::string expected, std::string found, std::string_view remedy) {
    refusal_.expected = std::move(expected);
    refusal_.found = std::move(found);
    refusal_.remedy = remedy;
    ahead_.pop_front();
    return InputStatus::refused;
  }

  void read_header() {
    std::vector<Column> expected;
    for (const Field& field : schema_.fields) {
      for (std::size_t i = 0; i < field.element_count(); ++i) expected.push_back({field.element_name(i), &field, i});
    }
    const auto by_name = [](const Column& a, const Column& b) { return a.name < b.name; };
    std::sort(expected.begin(), expected.end(), by_name);
    std::vector<bool> seen(expected.size());
    if (cells_.size() > 1 && cells_.back().empty()) cells_.pop_back();
    for (const std::string& name : cells_) {
      if (is_beside(schema_, name)) {
        columns_.push_back({name});
        continue;
      }
      const auto at = std::lower_bound(expected.begin(), expected.end(), Column{name}, by_name);
      if (at == expected.end() || at->name != name) fail_header(text::excerpt(name));
      const auto index = static_cast<std::size_t>(at - expected.begin());
      if (seen[index]) fail_header(fmt::format("'{}' twice", text::printable(name)));
      seen[index] = true;
      columns_.push_back(*at);
    }
    const auto missing = std::find(seen.begin(), seen.end(), false);
    if (missing != seen.end()) {
      const Column& column = expected[static_cast<std::size_t>(missing - seen.begin())];
      fail_header(fmt::format("no column '{}'", text::printable(column.name)));
    }
  }

  std::string column_names() const {
    constexpr std::size_t kShown = 20;
    std::string names;
    std::size_t count = 0;
    for (const Field& field : schema_.fields) {
      for (std::size_t i = 0; i < field.element_count(); ++i) {
        if (++count > kShown) return names + ",...";
        fmt::format_to(std::back_inserter(names), "{}{}", names.empty() ? "" : ",",
                       text::printable(field.element_name(i)));
      }
    }
    return names;
  }

  [[noreturn]] void fail_header(std::string found) {
    columns_.clear();
    throw Error(Code::invalid_argument,
                {.name = {},
                 .doing = fmt::format("read the CSV header on line {}", refusal_.line),
                 .expected = "the columns " + column_names(),
                 .found = std::move(found),
                 .remedy = "name every field once in the first line, in any order; for other kinds of CSV, see "
                           "--header, --delimiter and --comment"});
  }

  InputStatus parse_row(std::span<std::byte> record) {
    if (cell_count_ == columns_.size() + 1 && cells_.size() == cell_count_ && cells_.back().empty()) {
      cells_.pop_back();
      --cell_count_;
    }
    if (cell_count_ != columns_.size()) {
      refusal_.expected = text::counted(columns_.size(), "column");
      refusal_.found = fmt::format("{}", cell_count_);
      refusal_.remedy = "give every row as many cells as the header";
      return InputStatus::refused;
    }
    std::fill(record.begin(), record.end(), std::byte{0});
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      const Column& column = columns_[i];
      if (column.field == nullptr) continue;
      const auto element = column.field->element(record, column.element);
      if (auto wrong = parse_value(*column.field, cells_[i], element, missing_)) {
        refusal_.column = fmt::format("column {} ({})", i + 1, text::printable(column.name));
        refusal_.expected = std::move(wrong->expected);
        refusal_.found = std::move(wrong->found);
        refusal_.remedy = std::move(wrong->remedy);
        return InputStatus::refused;
      }
    }
    return InputStatus::record;
  }

  Schema schema_;
  LineSource lines_;
  char delimiter_;
  Missing missing_;
  std::deque<Line> ahead_;  // lines that were read and belong to no finished row
  std::vector<Column> columns_;
  Cells cells_;
  std::size_t cell_count_ = 0;  // of which at most most_cells_ are in cells_
  std::size_t most_cells_ = 3;  // `_seq`, `_time_ns`, and one too many
  // Of a row: texts may be all line ends, and a quote that is never closed must not take in the whole input.
  std::size_t most_lines_ = std::max(kLeastRowLines, schema_.size_bytes + 1);
  std::size_t most_bytes_ = longest_line_bytes(schema_);
};

}  // namespace

std::size_t longest_line_bytes(const Schema& schema) {
  constexpr std::size_t kLeast = std::size_t{8} << 20;
  constexpr std::size_t kMostOfNumber = 40;     // or of a time, with what is around it
  constexpr std::size_t kMostOfByte = 6;        // "\\u001f"
  constexpr std::size_t kMostOfSubscript = 10;  // "[1048575]", and a comma
  std::size_t bytes = kLeast;
  for (const Field& field : schema.fields) {
    std::size_t text = field.kind == Kind::text ? field.element_bytes : 0;
    for (const Enumerator& enumerator : field.enumerators) text = std::max(text, enumerator.name.size());
    const std::size_t name = kMostOfByte * field.name.size() + kMostOfSubscript * (field.shape.size() + 1);
    bytes += field.element_count() * (kMostOfNumber + kMostOfByte * text + name);
  }
  return bytes;
}

std::unique_ptr<RecordInput> csv_input(const Schema& schema, LineSource lines, char delimiter, Missing missing) {
  return std::make_unique<CsvInput>(schema, std::move(lines), delimiter, std::move(missing));
}

Refusal unended_line(std::uint64_t line) {
  return {.line = line,
          .column = {},
          .expected = "a line end after the last line",
          .found = "none: the line may have been cut off",
          .remedy = "if the line is complete, add a line end"};
}

std::string to_string(const Refusal& refusal) {
  std::string out = fmt::format("line {}", refusal.line);
  if (!refusal.column.empty()) out += ", " + refusal.column;
  out += fmt::format(": expected {}, found {}", refusal.expected, refusal.found);
  if (!refusal.remedy.empty()) out += "; " + refusal.remedy;
  return out;
}

}  // namespace arena_shm::schema
