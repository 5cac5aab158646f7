// Recordings that are CSV or NDJSON.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "arena_shm/error.hpp"
#include "recording/line_reader.hpp"
#include "recording/recording_source.hpp"
#include "schema/fields_language.hpp"
#include "schema/record_input.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording {

namespace {

using schema::InputStatus;
using schema::Line;

constexpr std::size_t kMaxFirstBytes = std::size_t{1} << 20;  // of a text whose fields nobody knows
constexpr std::size_t kSeqBytes = sizeof(std::uint64_t);

// The same record behind its sequence number: what a line holds.
schema::Schema with_seq(const schema::Schema& record) {
  schema::Field seq;
  seq.name = schema::kSeqColumn;
  seq.element_bytes = kSeqBytes;
  schema::Schema row;
  row.fields.push_back(std::move(seq));
  row.size_bytes = record.size_bytes + kSeqBytes;
  row.time_field = record.time_field;
  for (schema::Field field : record.fields) {
    field.offset_bytes += kSeqBytes;
    row.fields.push_back(std::move(field));
  }
  return row;
}

// Is the sequence number among what the first line names? It may also stand in a text of the record.
bool names_seq(std::string_view line, bool is_ndjson) {
  line = line.substr(0, line.find_last_not_of('\r') + 1);
  if (!is_ndjson) return fmt::format(",{},", line).find(",_seq,") != std::string::npos;
  constexpr std::string_view kKey = "\"_seq\"";
  for (std::size_t at = line.find(kKey); at != std::string_view::npos; at = line.find(kKey, at + 1)) {
    const std::size_t before = line.find_last_not_of(" \t", at - 1);
    const std::size_t after = line.find_first_not_of(" \t", at + kKey.size());
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
  TextSource(inspect::Image file, const std::string& fields, Attendant& attendant, TextReading reading)
      : RecordingSource(attendant), file_(std::move(file)), lines_(kMaxFirstBytes, attendant, file_.fd()) {
    const std::string& known = fields.empty() ? reading.fields : fields;
    if (!known.empty()) {
      record_.schema = schema::parse_fields(known);
      lines_.set_max_line_bytes(schema::longest_line_bytes(*record_.schema));
    }
    ahead_ = lines_.next();
    const std::string first = ahead_ ? ahead_->text : "";
    if (!text::is_utf8(first) || first.find('\0') != std::string::npos || first.empty()) refuse_bytes(first);
    if (!record_.schema) refuse_without_fields(first);
    record_.size_bytes = record_.schema->size_bytes;
    align_bytes_ = record_.schema->align_bytes;
    const bool is_ndjson = first.starts_with('{');
    has_seq_ = names_seq(first, is_ndjson);
    row_.resize(record_.size_bytes + (has_seq_ ? kSeqBytes : 0));
    const schema::Schema row = with_time(has_seq_ ? with_seq(*record_.schema) : *record_.schema, reading);
    const auto source = [this] { return next_line(); };
    input_ = is_ndjson ? schema::ndjson_input(row, source, std::move(reading.missing))
                       : schema::csv_input(row, source, std::move(reading.missing));
  }

  std::optional<std::uint64_t> next(std::span<std::byte> record) override {
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
      if (has_seq_) std::memcpy(&seq, row_.data(), kSeqBytes);
      std::copy_n(row_.end() - static_cast<std::ptrdiff_t>(record.size()), record.size(), record.begin());
      return seq;
    }
  }

 private:
  InputStatus next_row() {
    try {
      return input_->next(row_);
    } catch (const Error& error) {  // its header
      throw Error(Code::corrupt, {.name = file_.label(),
                                  .doing = "read",
                                  .expected = error.expected(),
                                  .found = error.found(),
                                  .remedy = error.remedy()});
    }
  }

  // Whoever writes a `_seq` ends each line. If the last one has no end, its last number may not be whole.
  std::optional<Line> next_line() {
    auto line = std::exchange(ahead_, std::nullopt);
    if (!line) return std::nullopt;
    ahead_ = lines_.next();
    if (ahead_ || !has_seq_ || is_last_line_whole()) return line;
    attendant_.note(fmt::format("'{}' was cut off in line {}, which is left out", file_.label(), line->number));
    return std::nullopt;
  }

  bool is_last_line_whole() const {
    char last = '\n';
    const std::uint64_t size = file_.size_bytes();
    return size == 0 || !file_.load(size - 1, last) || last == '\n';
  }

  [[noreturn]] void refuse_bytes(const std::string& first) const {
    throw Error(Code::corrupt,
                {.name = file_.label(),
                 .doing = "read",
                 .expected = "a recording (.npy, .csv or .ndjson) or a saved segment (.arena)",
                 .found = first.empty() ? "a file that begins with an empty line, or is empty" : "something else",
                 .remedy = "check the path"});
  }

  [[noreturn]] void refuse_without_fields(const std::string& first) const {
    throw Error(Code::incompatible_type, {.name = file_.label(),
                                          .doing = "read",
                                          .expected = "the types of its fields on the command line",
                                          .found = "only the text " + text::excerpt(first),
                                          .remedy = "give the fields: --fields 'u64 ts, f64 px'"});
  }

  inspect::Image file_;
  LineReader lines_;
  std::optional<Line> ahead_;
  std::unique_ptr<schema::RecordInput> input_;
  std::vector<std::byte> row_;
  bool has_seq_ = false;
  std::uint64_t index_ = 0;
};

}  // namespace

std::unique_ptr<RecordingSource> text_source(inspect::Image file, const std::string& fields, Attendant& attendant,
                                             TextReading reading) {
  return std::make_unique<TextSource>(std::move(file), fields, attendant, std::move(reading));
}

}  // namespace arena_shm::recording
