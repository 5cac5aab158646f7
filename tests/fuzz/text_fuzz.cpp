// The parsers of what people and files give: the fields language, schema texts, CSV and NDJSON. The first byte chooses.
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/error.hpp"
#include "schema/fields_language.hpp"
#include "schema/record_formatter.hpp"
#include "schema/record_input.hpp"
#include "schema/schema_json.hpp"

namespace {

using namespace arena_shm;
using namespace arena_shm::schema;

/// What is understood must survive a round trip, and its records must be printable.
void check_schema(const Schema& schema) {
  if (parse_json(to_json(schema)) != schema) std::abort();
  if (schema.size_bytes > 4096) return;
  const std::vector<std::byte> record(schema.size_bytes, std::byte{0xff});
  for (const Format format : {Format::table, Format::ndjson, Format::csv, Format::hex}) {
    std::string out;
    const auto formatter = make_formatter(format, &schema);
    formatter->measure(1, record);
    formatter->heading(out);
    formatter->record(out, 1, record);
    if (out.empty()) std::abort();
  }
}

LineSource lines_of(std::string_view text) {
  return [text, number = std::uint64_t{0}]() mutable -> std::optional<Line> {
    if (text.empty()) return std::nullopt;
    const std::size_t end = std::min(text.find('\n'), text.size());
    Line line{std::string(text.substr(0, end)), ++number, false};
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
  };
}

void check_input(bool csv, std::string_view text) {
  static const Schema schema = parse_fields("u64 ts, i8 small, f64 px, s4 sym, bool on, f32[2] pos");
  const auto input = csv ? csv_input(schema, lines_of(text)) : ndjson_input(schema, lines_of(text));
  std::vector<std::byte> record(schema.size_bytes);
  for (InputStatus status = input->next(record); status != InputStatus::end; status = input->next(record)) {
    if (status == InputStatus::refused && to_string(input->refusal()).empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  try {
    switch (data[0] % 4) {
      case 0: check_schema(parse_fields(text)); break;
      case 1: check_schema(parse_json(text)); break;
      case 2: check_input(true, text); break;
      default: check_input(false, text); break;
    }
  } catch (const Error&) {
  }
  return 0;
}
