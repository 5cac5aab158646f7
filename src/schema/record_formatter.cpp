#include "schema/record_formatter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "schema/influx_formatter.hpp"
#include "schema/restart_text.hpp"
#include "schema/value_text.hpp"
#include "text/csv_cell.hpp"
#include "text/quantities.hpp"
#include "text/text_table.hpp"
#include "text/utf8.hpp"

namespace arena_shm::schema {

namespace {

using Record = std::span<const std::byte>;

// Appends all elements of a field between brackets, one pair for each dimension; at most `limit` elements.
void append_array(std::string& out, const Field& field, Record record, Style style, std::string_view separator,
                  std::size_t limit) {
  const std::size_t count = field.element_count();
  const auto brackets = [&](std::size_t index, char bracket) {
    std::size_t block = 1;  // elements in one bracket, innermost first
    for (auto extent = field.shape.rbegin(); extent != field.shape.rend(); ++extent) {
      block *= *extent;
      if (index % block == 0) out += bracket;
    }
  };
  for (std::size_t i = 0; i < std::min(count, limit); ++i) {
    if (i > 0) out += separator;
    brackets(i, '[');
    append_value(out, field, field.element(record, i), style);
    brackets(i + 1, ']');
  }
  if (count > limit) fmt::format_to(std::back_inserter(out), "{}... {} more]", separator, count - limit);
}

class TableFormatter final : public RecordFormatter {
 public:
  TableFormatter(Schema schema, std::size_t width)
      : schema_(std::move(schema)), table_(std::make_shared<text::TextTable>(columns(schema_), width)) {}

  void heading(std::string& out) const override { table_->append_heading(out); }

  void measure(std::uint64_t seq, Record record) override { table_->widen(cells(seq, record)); }

  void record(std::string& out, std::uint64_t seq, Record record) override {
    const auto row = cells(seq, record);
    table_->settle();  // under the heading that is there
    table_->widen(row);
    table_->append(out, row);
  }

  std::size_t hidden_column_count() const noexcept override { return table_->left_out_count(); }

  void share_columns(const RecordFormatter& other) override {
    table_ = dynamic_cast<const TableFormatter&>(other).table_;
  }

 private:
  static constexpr std::size_t kShownElements = 8;
  static constexpr std::size_t kLeastText = 12;

  static std::vector<text::TextTable::Column> columns(const Schema& schema) {
    std::vector<text::TextTable::Column> columns{
        {.title = std::string(kSeqColumn), .align = text::TextTable::Align::right}};
    for (const Field& field : schema.fields) {
      std::string title = text::printable(field.name);
      if (!field.unit.empty()) title += fmt::format(" [{}]", text::printable(field.unit));
      const bool left = field.kind == Kind::text || field.is_array();
      columns.push_back({.title = std::move(title),
                         .align = left ? text::TextTable::Align::left : text::TextTable::Align::right,
                         .least = left ? kLeastText : 0,
                         .rank = columns.size()});
    }
    return columns;
  }

  std::vector<std::string> cells(std::uint64_t seq, Record record) const {
    std::vector<std::string> row{fmt::format("{}", seq)};
    for (const Field& field : schema_.fields) {
      std::string& cell = row.emplace_back();
      if (field.is_array()) {
        append_array(cell, field, record, Style::plain, " ", kShownElements);
      } else {
        append_value(cell, field, field.element(record, 0), Style::plain);
      }
    }
    return row;
  }

  Schema schema_;
  std::shared_ptr<text::TextTable> table_;
};

class NdjsonFormatter final : public RecordFormatter {
 public:
  NdjsonFormatter(Schema schema, bool quote_int64) : schema_(std::move(schema)), mark_(quote_int64 ? "\"" : "") {
    for (Field& field : schema_.fields) {
      field.as_text = quote_int64 && (field.kind == Kind::unsigned_integer || field.kind == Kind::signed_integer);
      std::string& key = keys_.emplace_back(",");
      text::append_json_string(key, field.name);
      key += ':';
    }
  }

  void heading(std::string&) const override {}

  void record(std::string& out, std::uint64_t seq, Record record) override {
    count_altered(schema_, record);
    fmt::format_to(std::back_inserter(out), "{{\"{0}\":{1}{2}{1}", kSeqColumn, mark_, seq);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const Field& field = schema_.fields[i];
      out += keys_[i];
      if (field.is_array()) {
        append_array(out, field, record, Style::json, ",", field.element_count());
      } else {
        append_value(out, field, field.element(record, 0), Style::json);
      }
    }
    out += "}\n";
  }

  void gap(std::string& out, const Gap& gap) const override {
    std::string cause(to_string(gap.cause));
    std::replace(cause.begin(), cause.end(), ' ', '_');
    const std::string lane = gap.step > 1 ? fmt::format("\"lane\":{},", gap.first % gap.step) : "";
    fmt::format_to(std::back_inserter(out),
                   "{{\"{1}\":{{{6}\"first\":{0}{2}{0},\"last\":{0}{3}{0},\"count\":{0}{4}{0},\"cause\":\"{5}\"}}}}\n",
                   mark_, kGapKey, gap.first, gap.last, gap.count(), cause, lane);
  }

  void restart(std::string& out, std::string_view, const Restart& restart) const override {
    fmt::format_to(std::back_inserter(out),
                   "{{\"{1}\":{{\"time_ns\":{0}{2}{0},\"epoch\":\"{3:02x}\",\"before\":\"{4:02x}\"}}}}\n", mark_,
                   kRestartKey, restart.created_ns, fmt::join(restart.now, ""), fmt::join(restart.before, ""));
  }

 private:
  Schema schema_;
  std::string_view mark_;  // around 64-bit integers
  std::vector<std::string> keys_;
};

class CsvFormatter final : public RecordFormatter {
 public:
  explicit CsvFormatter(Schema schema) : schema_(std::move(schema)) {}

  void heading(std::string& out) const override {
    out += kSeqColumn;
    for (const Field& field : schema_.fields) {
      for (std::size_t i = 0; i < field.element_count(); ++i) {
        out += ',';
        text::append_csv_cell(out, field.element_name(i));
      }
    }
    out += '\n';
  }

  void record(std::string& out, std::uint64_t seq, Record record) override {
    count_altered(schema_, record);
    fmt::format_to(std::back_inserter(out), "{}", seq);
    for (const Field& field : schema_.fields) {
      for (std::size_t i = 0; i < field.element_count(); ++i) {
        out += ',';
        append_value(out, field, field.element(record, i), Style::csv);
      }
    }
    out += '\n';
  }

 private:
  Schema schema_;
};

class HexFormatter final : public RecordFormatter {
 public:
  HexFormatter(std::size_t most_bytes, std::size_t width) noexcept : most_bytes_(most_bytes) {
    constexpr std::size_t kBesides = 23;  // the number, the offset, the bars
    constexpr std::size_t kColumns = 4;   // of a byte: two digits, a space, a character
    while (bytes_per_line_ > 4 && kBesides + kColumns * bytes_per_line_ > width) bytes_per_line_ /= 2;
  }

  void heading(std::string& out) const override {
    fmt::format_to(std::back_inserter(out), "{:>10}  offset  bytes\n", kSeqColumn);
  }

  void record(std::string& out, std::uint64_t seq, Record whole) override {
    const Record record = whole.first(std::min(whole.size(), most_bytes_));
    for (std::size_t from = 0; from < record.size(); from += bytes_per_line_) {
      const Record line = record.subspan(from, std::min(bytes_per_line_, record.size() - from));
      fmt::format_to(std::back_inserter(out), "{:>10}  {:06x}  ", seq, from);
      for (std::size_t i = 0; i < bytes_per_line_; ++i) {
        append_byte(out, i < line.size() ? &line[i] : nullptr);
        if (i == bytes_per_line_ / 2 - 1) out += ' ';
      }
      out += '|';
      for (const std::byte byte : line) {
        const char c = static_cast<char>(byte);
        out += c >= ' ' && c <= '~' ? c : '.';
      }
      out += "|\n";
    }
    if (record.size() < whole.size())
      fmt::format_to(std::back_inserter(out), "{:>10}  {:06x}  ... {}\n", seq, record.size(),
                     text::counted(whole.size() - record.size(), "more byte"));
  }

 private:
  // Two digits and a space, or only the room for them.
  static void append_byte(std::string& out, const std::byte* byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += byte != nullptr ? kDigits[std::to_integer<std::size_t>(*byte >> 4)] : ' ';
    out += byte != nullptr ? kDigits[std::to_integer<std::size_t>(*byte & std::byte{0xf})] : ' ';
    out += ' ';
  }

  std::size_t most_bytes_;
  std::size_t bytes_per_line_ = 16;
};

}  // namespace

void RecordFormatter::gap(std::string& out, const Gap& gap) const { out += "# " + describe(gap) + '\n'; }
void RecordFormatter::restart(std::string& out, std::string_view arena, const Restart& restart) const {
  out += "# " + describe(arena, restart) + '\n';
}
void RecordFormatter::measure(std::uint64_t, std::span<const std::byte>) {}
void RecordFormatter::share_columns(const RecordFormatter&) {}
void RecordFormatter::precede(std::uint64_t, std::span<const std::byte>) {}
std::size_t RecordFormatter::hidden_column_count() const noexcept { return 0; }
std::uint64_t RecordFormatter::left_out_count() const noexcept { return 0; }

void RecordFormatter::count_altered(const Schema& schema, std::span<const std::byte> record) {
  for (const Field& field : schema.fields) {
    if (field.kind != Kind::text) continue;
    for (std::size_t i = 0; i < field.element_count(); ++i) {
      if (!text::is_utf8(text_of(field.element(record, i)))) ++altered_texts_;
    }
  }
}

std::string RecordFormatter::altered_note() const {
  if (altered_texts_ == 0) return {};
  return fmt::format("{} {} not UTF-8: these bytes were replaced by U+FFFD; .npy keeps them", altered_texts_,
                     altered_texts_ == 1 ? "text has bytes that are" : "texts have bytes that are");
}

std::unique_ptr<RecordFormatter> make_formatter(Format format, const Schema* schema, FormatOptions options) {
  switch (format) {
    case Format::table: return std::make_unique<TableFormatter>(*schema, options.width);
    case Format::ndjson: return std::make_unique<NdjsonFormatter>(*schema, options.quote_int64);
    case Format::csv: return std::make_unique<CsvFormatter>(*schema);
    case Format::influx: return influx_formatter(*schema, {.source = std::string(options.source)});
    case Format::hex: break;
  }
  return std::make_unique<HexFormatter>(options.hex_bytes, options.width);
}

std::string describe(const Gap& gap) {
  const char* plural = gap.cause == Loss::hole && gap.count() != 1 ? "s" : "";
  const std::string lane = gap.step > 1 ? fmt::format(" in lane {}", gap.first % gap.step) : "";
  return fmt::format("gap{}: {}..{} ({} {}{})", lane, gap.first, gap.last, gap.count(), to_string(gap.cause), plural);
}

}  // namespace arena_shm::schema
