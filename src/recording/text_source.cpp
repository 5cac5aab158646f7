// Recordings that are CSV or NDJSON.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "arena_shm/error.hpp"
#include "recording/line_reader.hpp"
#include "recording/recording_source.hpp"
#include "recording/text_lines.hpp"
#include "schema/fields_language.hpp"
#include "schema/record_input.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording {

namespace {

using schema::InputStatus;
using schema::Line;

constexpr std::size_t kMaxFirstBytes = std::size_t{1} << 20;  // of a text whose fields nobody knows

// Is that column among what a line of NDJSON names? It may also stand in a text of the record.
bool names_column(std::string_view line, std::string_view column) {
  const std::string key = fmt::format("\"{}\"", column);
  for (std::size_t at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1)) {
    const std::size_t before = line.find_last_not_of(" \t", at - 1);
    const std::size_t after = line.find_first_not_of(" \t", at + key.size());
    if (after == std::string_view::npos || line[after] != ':') continue;
    if (line[before] == '{' || line[before] == ',') return true;
  }
  return false;
}

// With the time field that is named apart, and its unit.
schema::Schema with_time(schema::Schema schema, const TextReading& reading) {
  if (!reading.time_field.empty()) schema.time_field = reading.time_field;
  for (schema::Field& field : schema.fields) {
    if (field.name == reading.time_field && !reading.time_unit.empty()) field.unit = reading.time_unit;
  }
  return schema;
}

class TextSource final : public RecordingSource {
 public:
  TextSource(core::Descriptor file, std::string label, std::string begin, const std::string& fields,
             Attendant& attendant, TextReading reading)
      : RecordingSource(attendant),
        file_(std::move(file)),
        label_(std::move(label)),
        reader_(kMaxFirstBytes, attendant, file_.get(), std::move(begin)),
        lines_(reader_, reading.dialect) {
    const std::string& known = fields.empty() ? reading.fields : fields;
    if (!known.empty()) {
      record_.schema = schema::parse_fields(known);
      reader_.set_max_line_bytes(schema::longest_line_bytes(*record_.schema));
    }
    const std::string first = lines_.first() ? lines_.first()->text : "";
    if (!text::is_utf8(first) || first.find('\0') != std::string::npos || first.empty()) refuse_bytes(first);
    if (!record_.schema) refuse_without_fields(first);
    record_.size_bytes = record_.schema->size_bytes;
    align_bytes_ = record_.schema->align_bytes;
    lines_.settle(*record_.schema);
    is_ndjson_ = lines_.is_ndjson();
    const auto has_column = [&](std::string_view name) {
      if (!schema::is_beside(*record_.schema, name)) return false;
      return is_ndjson_ ? names_column(first, name) : lines_.has_column(name);
    };
    has_seq_ = has_column(schema::kSeqColumn);
    record_.has_time = has_column(schema::kTimeColumn);
    const schema::Schema row = row_schema(reading);
    row_.resize(row.size_bytes);
    const auto source = [this] { return next_line(); };
    input_ = is_ndjson_ ? schema::ndjson_input(row, source, std::move(reading.missing))
                        : schema::csv_input(row, source, lines_.delimiter(), std::move(reading.missing));
  }

 protected:
  std::optional<std::uint64_t> take(std::span<std::byte> row) override {
    for (;;) {
      switch (next_row()) {
        case InputStatus::end: return std::nullopt;
        case InputStatus::refused:
          ++refused_;
          attendant_.note("refused " + to_string(input_->refusal()));
          continue;
        case InputStatus::record: break;
      }
      std::uint64_t seq = index_++;
      if (has_seq_) std::memcpy(&seq, row_.data(), sizeof(seq));
      std::copy_n(row_.end() - static_cast<std::ptrdiff_t>(row.size()), row.size(), row.begin());
      return seq;
    }
  }
  Since::Origin origin() const override { return origin_of(label_); }

 private:
  // What a line holds: the columns beside the record are fields in front of it.
  schema::Schema row_schema(const TextReading& reading) const {
    schema::Schema row = with_time(*record_.schema, reading);
    if (record_.has_time) {
      row = schema::with_value_time(row);
      row.fields.front().as_time = true;
    }
    return has_seq_ ? schema::behind_column(row, schema::kSeqColumn, schema::Kind::unsigned_integer) : row;
  }

  InputStatus next_row() {
    try {
      return input_->next(row_);
    } catch (const Error& error) {  // its header
      throw Error(Code::corrupt, {.name = label_,
                                  .doing = "read",
                                  .expected = error.expected(),
                                  .found = error.found(),
                                  .remedy = error.remedy()});
    }
  }

  // If the last line has no end, its last number may not be whole. What is whole of JSON is seen by its last brace.
  std::optional<Line> next_line() {
    auto line = lines_.next();
    if (!line || !line->unended || (is_ndjson_ && (!has_seq_ || line->text.ends_with('}')))) return line;
    if (has_seq_) {  // ours: whoever writes a `_seq` ends each line
      attendant_.note(fmt::format("'{}' was cut off in line {}; this line is left out", label_, line->number));
    } else {
      attendant_.note("refused " + to_string(schema::unended_line(line->number)));
      ++refused_;
    }
    return std::nullopt;
  }

  [[noreturn]] void refuse_bytes(const std::string& first) const {
    const bool is_utf16 = first.starts_with("\xff\xfe") || first.starts_with("\xfe\xff");
    throw Error(Code::corrupt,
                {.name = label_,
                 .doing = "read",
                 .expected = "a recording (.npy, .arrows, .mcap, .csv or .ndjson) or a saved segment (.arena)",
                 .found = first.empty() ? "an empty file, or only comments"
                          : is_utf16    ? "text in UTF-16"
                                        : "another kind of file",
                 .remedy = is_utf16 ? "convert it to UTF-8: iconv -f UTF-16 -t UTF-8" : "check the path"});
  }

  [[noreturn]] void refuse_without_fields(const std::string& first) const {
    throw Error(Code::incompatible_type, {.name = label_,
                                          .doing = "read",
                                          .expected = "the types of its fields on the command line",
                                          .found = "only the text " + text::excerpt(first),
                                          .remedy = "give the fields: --fields 'u64 ts, f64 px'"});
  }

  core::Descriptor file_;
  std::string label_;
  LineReader reader_;
  TextLines lines_;
  bool is_ndjson_ = false;
  std::unique_ptr<schema::RecordInput> input_;
  std::vector<std::byte> row_;
  bool has_seq_ = false;
  std::uint64_t index_ = 0;
};

}  // namespace

std::unique_ptr<RecordingSource> text_source(core::Descriptor file, std::string label, std::string begin,
                                             const std::string& fields, Attendant& attendant, TextReading reading) {
  return std::make_unique<TextSource>(std::move(file), std::move(label), std::move(begin), fields, attendant,
                                      std::move(reading));
}

}  // namespace arena_shm::recording
