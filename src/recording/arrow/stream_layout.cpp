#include "recording/arrow/stream_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "arena_shm/error.hpp"
#include "recording/row_notes.hpp"
#include "schema/schema.hpp"
#include "schema/schema_json.hpp"
#include "schema/value_time.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording::arrow {

namespace {

using schema::Field;
using schema::Kind;

constexpr int kMaxColumnDepth = 40;
constexpr std::size_t kMaxRecordBytes = std::size_t{1} << 31;  // as of a slot

[[noreturn]] void fail_columns(const std::string& path, std::string expected, std::string found) {
  throw Error(Code::incompatible_type,
              {.name = path,
               .doing = "read",
               .expected = std::move(expected),
               .found = std::move(found),
               .remedy = "write the file with arena-shm record, or choose columns of such types"});
}

std::string text_in(const flatbuffers::String* text) { return text == nullptr ? "" : text->str(); }

std::string unit_name(fb::TimeUnit unit) {
  constexpr std::array<const char*, 4> kNames{"s", "ms", "us", "ns"};
  const auto index = static_cast<std::size_t>(unit);
  return index < kNames.size() ? kNames[index] : "";
}

// Columns out of the fields of a stream's schema.
class ColumnReader {
 public:
  explicit ColumnReader(const std::string& path) : path_(path) {}

  std::vector<Column> read(const flatbuffers::Vector<flatbuffers::Offset<fb::Field>>* fields, int depth = 0) {
    std::vector<Column> columns;
    if (fields == nullptr) return columns;
    for (const fb::Field* field : *fields) columns.push_back(column(*field, depth));
    return columns;
  }

 private:
  Column column(const fb::Field& field, int depth) {
    Column column{.name = text_in(field.name())};
    if (depth > kMaxColumnDepth) fail_columns(path_, fmt::format("at most {} nested columns", kMaxColumnDepth), "more");
    column.notes = notes_in(field.custom_metadata());
    if (const fb::DictionaryEncoding* dictionary = field.dictionary()) {
      if (field.type_type() != fb::Type::utf8) refuse(column.name, "a dictionary of other values than texts");
      column.dictionary = dictionary->id();
      column.kind = Kind::signed_integer;
      column.element_bytes = sizeof(std::int32_t);  // if nothing is said
      if (const fb::Int* index = dictionary->index_type()) set_integer(column, *index);
      return column;
    }
    set_type(column, field);
    if (column.type == ColumnType::list || column.type == ColumnType::structure)
      column.children = read(field.children(), depth + 1);
    if (column.type == ColumnType::list && column.children.size() != 1) refuse(column.name, "a list without items");
    return column;
  }

  void set_integer(Column& column, const fb::Int& integer) const {
    const int bits = integer.bit_width();
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
      refuse(column.name, fmt::format("integers of {} bits", bits));
    column.kind = integer.is_signed() ? Kind::signed_integer : Kind::unsigned_integer;
    column.element_bytes = static_cast<std::size_t>(bits) / 8;
  }

  void set_type(Column& column, const fb::Field& field) const {
    if (field.type() == nullptr) refuse(column.name, "no type");
    switch (field.type_type()) {
      case fb::Type::integer: return set_integer(column, *field.type_as_integer());
      case fb::Type::floating: return set_floating(column, field.type_as_floating()->precision());
      case fb::Type::boolean:
        column.type = ColumnType::bits;
        column.kind = Kind::boolean;
        column.element_bytes = 1;
        return;
      case fb::Type::timestamp:
        column.kind = Kind::signed_integer;
        column.element_bytes = sizeof(std::int64_t);
        column.unit = unit_name(field.type_as_timestamp()->unit());
        return;
      case fb::Type::fixed_size_binary:
        column.type = ColumnType::bytes;
        column.kind = Kind::text;
        return set_size(column, field.type_as_fixed_size_binary()->byte_width(), column.element_bytes);
      case fb::Type::fixed_size_list:
        column.type = ColumnType::list;
        return set_size(column, field.type_as_fixed_size_list()->list_size(), column.extent);
      case fb::Type::structure: column.type = ColumnType::structure; return;
      case fb::Type::utf8:
        if (column.name == schema::kGapKey) {
          column.type = ColumnType::text;
          return;
        }
        return refuse(column.name, "texts of any length");
      default: return refuse(column.name, fmt::format("Arrow's type {}", static_cast<int>(field.type_type())));
    }
  }

  void set_floating(Column& column, fb::Precision precision) const {
    column.kind = Kind::floating;
    column.element_bytes = precision == fb::Precision::double_ ? sizeof(double) : sizeof(float);
    if (precision == fb::Precision::half) column.type = ColumnType::half;
  }

  void set_size(const Column& column, std::int32_t size, std::size_t& into) const {
    if (size <= 0)
      refuse(column.name, fmt::format("{} of size {}", column.type == ColumnType::list ? "lists" : "bytes", size));
    into = static_cast<std::size_t>(size);
  }

  [[noreturn]] void refuse(const std::string& name, const std::string& what) const {
    fail_columns(path_, "columns of a fixed size: integers, floats, booleans, fixed-size binary and lists, structs",
                 fmt::format("{} in column {}", what, text::excerpt(name)));
  }

  const std::string& path_;
};

bool holds(const Part& part, const Field& field) {
  const Column& column = *part.column;
  if (part.shape != field.shape) return false;
  if (!field.enumerators.empty()) return column.dictionary.has_value();
  const std::size_t bytes = column.element_bytes;
  return part.type != ColumnType::half && !column.dictionary && column.kind == field.kind &&
         bytes == field.element_bytes;
}

// What each part is for.
class Uses {
 public:
  Uses(StreamLayout& layout, const std::string& path) : layout_(layout), path_(path) {
    layout_.uses.resize(layout_.parts.size());
  }

  // The columns beside the record. Returns: the others.
  std::vector<std::size_t> take_beside(std::optional<bool> has_time, bool time_is_field) {
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < layout_.parts.size(); ++i) {
      const Part& part = layout_.parts[i];
      if (!part.is_leaf()) continue;
      if (part.path == schema::kSeqColumn) {
        if (!is_single(part, Kind::unsigned_integer))
          fail_columns(path_, "_seq as a column of 64-bit unsigned integers", "another type");
        layout_.has_seq = true;
        layout_.uses[i].to = PartUse::To::seq;
      } else if (part.path == schema::kTimeColumn && is_single(part, Kind::signed_integer) &&
                 has_time.value_or(!time_is_field)) {
        layout_.record.has_time = true;
        layout_.uses[i].to = PartUse::To::time;
      } else if (part.type == ColumnType::text) {
        layout_.uses[i].to = PartUse::To::texts;
      } else {
        others.push_back(i);
      }
    }
    return others;
  }

  bool take_noted(const std::vector<std::size_t>& parts, const std::optional<schema::Schema>& schema) {
    if (!schema) return take_bytes(parts);
    if (parts.size() != schema->fields.size()) return false;
    std::set<const Field*> seen;
    for (const std::size_t i : parts) {
      const Field* field = schema->find(layout_.parts[i].path);
      if (field == nullptr || !holds(layout_.parts[i], *field) || !seen.insert(field).second) return false;
      put(i, *field);
    }
    return true;
  }

  // Of others: as a C struct of the columns in their order.
  schema::Schema take_all(const std::vector<std::size_t>& parts) {
    schema::Schema schema;
    std::size_t end = 0;
    for (const std::size_t i : parts) {
      const Part& part = layout_.parts[i];
      const Column& column = *part.column;
      if (column.dictionary)
        fail_columns(path_, "plain columns, or those of arena-shm with their metadata",
                     fmt::format("a dictionary in column {}", text::excerpt(part.path)));
      Field field;
      field.name = part.path;
      field.kind = column.kind;
      field.element_bytes = column.element_bytes;
      field.shape = part.shape;
      for (const auto& [key, value] : column.notes) field.unit = key == "unit" ? value : field.unit;
      if (field.unit.empty()) field.unit = column.unit;
      const std::size_t align = field.align_bytes();
      schema.align_bytes = std::max(schema.align_bytes, align);
      field.offset_bytes = (end + align - 1) / align * align;
      end = field.offset_bytes + part.per_row * field.element_bytes;
      if (end > schema::kMaxRecordBytes) too_large();
      schema.fields.push_back(std::move(field));
    }
    schema.size_bytes = (end + schema.align_bytes - 1) / schema.align_bytes * schema.align_bytes;
    return schema;
  }

  void put(std::size_t part, const Field& field) {
    layout_.uses[part] = {.to = PartUse::To::record,
                          .offset_bytes = field.offset_bytes,
                          .row_elements = field.element_count(),
                          .field = &field};
  }

  [[noreturn]] void too_large() const {
    fail_columns(path_, fmt::format("records of at most {} bytes", schema::kMaxRecordBytes), "larger ones");
  }

 private:
  static bool is_single(const Part& part, Kind kind) {
    return part.type == ColumnType::number && part.column->kind == kind && part.shape.empty() &&
           part.column->element_bytes == schema::kColumnBytes && !part.column->dictionary;
  }

  bool take_bytes(const std::vector<std::size_t>& parts) {
    if (parts.size() != 1) return false;
    const Part& part = layout_.parts[parts.front()];
    if (part.type != ColumnType::bytes || !part.shape.empty()) return false;
    if (part.column->element_bytes != layout_.record.size_bytes) return false;
    layout_.uses[parts.front()].to = PartUse::To::record;
    return true;
  }

  StreamLayout& layout_;
  const std::string& path_;
};

std::optional<NotedShape> noted_shape(const fb::Schema& schema) {
  try {
    return parse_notes(notes_in(schema.custom_metadata()));
  } catch (const Error&) {
    return std::nullopt;  // what is not understood is as if it were not there
  }
}

}  // namespace

void read_layout(StreamLayout& layout, const fb::Schema& schema, const std::string& path, bool time_is_field) {
  if (schema.endianness() != fb::Endianness::little) fail_columns(path, "little-endian columns", "big-endian ones");
  layout.columns = ColumnReader(path).read(schema.fields());
  auto parts = parts_of(layout.columns, kMaxRecordBytes);
  Uses uses(layout, path);
  if (!parts) uses.too_large();
  layout.parts = std::move(*parts);
  layout.uses.resize(layout.parts.size());
  const auto noted = noted_shape(schema);
  const auto others = uses.take_beside(noted ? noted->has_time : std::nullopt, time_is_field);
  if (others.empty()) fail_columns(path, "columns besides _seq", "none");
  if (noted) {
    const bool has_time = layout.record.has_time;
    layout.record = noted->record;
    layout.record.has_time = has_time;
    layout.is_ours = has_time == noted->has_time && uses.take_noted(others, layout.record.schema);
    if (layout.is_ours) return;
  }
  schema::Schema found = uses.take_all(others);
  const std::string defect = schema::defect(found);
  if (!defect.empty()) fail_columns(path, "columns that can be the fields of a record", defect);
  layout.record = {.size_bytes = found.size_bytes, .schema = std::move(found), .has_time = layout.record.has_time};
  for (const std::size_t i : others) uses.put(i, *layout.record.schema->find(layout.parts[i].path));
}

}  // namespace arena_shm::recording::arrow
