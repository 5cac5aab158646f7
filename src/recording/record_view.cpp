#include "recording/record_view.hpp"

#include <fmt/format.h>

#include "arena_shm/error.hpp"
#include "schema/fields_language.hpp"
#include "schema/schema_json.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

schema::Schema schema_as(const Info& info, const std::string& as) {
  schema::Schema schema = schema::parse_fields(as);
  const std::size_t size = info.record.size_bytes;
  if (schema.size_bytes == size) return schema;
  throw Error(Code::incompatible_type, {.name = info.name,
                                        .doing = "decode the records of",
                                        .expected = fmt::format("fields of {} in all", text::counted(size, "byte")),
                                        .found = text::counted(schema.size_bytes, "byte") + " in --as",
                                        .remedy = schema.size_bytes < size ? "add padding for unknown bytes, like '8x'"
                                                                           : "remove fields, or choose smaller types"});
}

}  // namespace

std::optional<schema::Schema> schema_for(const Info& info, const std::string& as, Attendant& attendant) {
  if (!as.empty()) return schema_as(info, as);
  const RecordType& record = info.record;
  if (!record.schema.empty()) {
    try {
      return schema::parse_json(record.schema, record.size_bytes);
    } catch (const Error& error) {
      attendant.note(error.what());
    }
  }
  attendant.note(
      fmt::format("'{}' has no schema that can be used: records of {}, aligned to {}{}; "
                  "decode them with --as 'u64 ts, f64 px'",
                  info.name, text::counted(record.size_bytes, "byte"), record.align_bytes,
                  record.name.empty() ? "" : ", of type " + record.name));
  return std::nullopt;
}

void refuse_without_schema(const Info& info, const std::string& what) {
  throw Error(Code::incompatible_type, {.name = info.name,
                                        .doing = what,
                                        .expected = "a schema in the arena, or fields on the command line",
                                        .found = "neither",
                                        .remedy = "give the fields: --as 'u64 ts, f64 px'"});
}

}  // namespace arena_shm::recording
