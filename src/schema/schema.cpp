#include "schema/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "arena_shm/error.hpp"
#include "text/quantities.hpp"
#include "text/utf8.hpp"

namespace arena_shm::schema {

namespace {

bool is_element_size(Kind kind, std::size_t bytes) {
  switch (kind) {
    case Kind::unsigned_integer:
    case Kind::signed_integer: return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    case Kind::floating: return bytes == 4 || bytes == 8;
    case Kind::boolean: return bytes == 1;
    case Kind::text: return bytes > 0;
  }
  return false;
}

// Overflow-proof: no factor is multiplied in before it is known to fit.
bool fits(const Field& field, std::size_t record_bytes) {
  if (field.offset_bytes > record_bytes) return false;
  std::size_t room = (record_bytes - field.offset_bytes) / field.element_bytes;
  for (const std::size_t extent : field.shape) {
    if (extent == 0 || extent > room) return false;
    room /= extent;
  }
  return room > 0;
}

std::string name_defect(std::string_view name) {
  if (name.empty()) return "a field without a name";
  if (name.size() > kMaxNameBytes) {
    return fmt::format("a field name of {} bytes, {} are allowed", name.size(), kMaxNameBytes);
  }
  if (!text::is_utf8(name) || name.find('\0') != std::string_view::npos) return "a field name that is not UTF-8 text";
  if (name == kSeqColumn || name == kGapKey) return fmt::format("a field named '{}', which is a reserved name", name);
  return {};
}

std::string field_defect(const Field& field, std::size_t record_bytes) {
  if (auto wrong = name_defect(field.name); !wrong.empty()) return wrong;
  const std::string shown = text::printable(field.name);
  if (!is_element_size(field.kind, field.element_bytes)) {
    return fmt::format("field '{}' with elements of {}", shown, text::counted(field.element_bytes, "byte"));
  }
  if (field.shape.size() > kMaxDimensions) {
    return fmt::format("field '{}' with {} dimensions, {} are allowed", shown, field.shape.size(), kMaxDimensions);
  }
  if (!fits(field, record_bytes)) {
    return fmt::format("field '{}' at byte {}, which ends beyond the record's {}", shown, field.offset_bytes,
                       text::counted(record_bytes, "byte"));
  }
  return {};
}

}  // namespace

std::size_t Field::element_count() const noexcept {
  std::size_t count = 1;
  for (const std::size_t extent : shape) count *= extent;
  return count;
}

std::string Field::type_name() const {
  std::string base;
  switch (kind) {
    case Kind::unsigned_integer: base = fmt::format("u{}", element_bytes * 8); break;
    case Kind::signed_integer: base = fmt::format("i{}", element_bytes * 8); break;
    case Kind::floating: base = fmt::format("f{}", element_bytes * 8); break;
    case Kind::boolean: base = "bool"; break;
    case Kind::text: base = element_bytes == 1 ? "char" : fmt::format("s{}", element_bytes); break;
  }
  for (const std::size_t extent : shape) base += fmt::format("[{}]", extent);
  return base;
}

std::string Field::element_name(std::size_t index) const {
  std::string subscripts;
  for (auto extent = shape.rbegin(); extent != shape.rend(); ++extent) {
    subscripts.insert(0, fmt::format("[{}]", index % *extent));
    index /= *extent;
  }
  return name + subscripts;
}

const Field* Schema::find(std::string_view name) const noexcept {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

std::string Schema::names() const {
  std::string all;
  for (const Field& field : fields) {
    if (!all.empty()) all += ", ";
    all += text::printable(field.name);
  }
  return all;
}

namespace {

/// "pos[1]" of "pos" with the shape {2, 3}: its second row. Nothing if the name means no part of that field.
std::optional<Field> part_of(const Field& field, std::string_view name) {
  if (!name.starts_with(field.name)) return std::nullopt;
  Field part = field;
  part.name = name;
  name.remove_prefix(field.name.size());
  while (!name.empty()) {
    std::size_t index = 0;
    const char* const end = name.data() + name.size();
    if (name.front() != '[' || part.shape.empty()) return std::nullopt;
    const auto [after, error] = std::from_chars(name.data() + 1, end, index);
    if (error != std::errc{} || after == end || *after != ']' || index >= part.shape.front()) return std::nullopt;
    part.shape.erase(part.shape.begin());
    part.offset_bytes += index * part.size_bytes();
    name.remove_prefix(static_cast<std::size_t>(after + 1 - name.data()));
  }
  return part;
}

}  // namespace

std::optional<Field> Schema::find_part(std::string_view wanted) const {
  if (const Field* field = find(wanted)) return *field;
  for (const Field& field : fields) {
    if (auto part = part_of(field, wanted)) return part;
  }
  return std::nullopt;
}

namespace {

/// A field, a part of an array, or the members of what was a struct, by its name alone.
std::vector<Field> fields_meant(const Schema& schema, std::string_view name) {
  if (auto part = schema.find_part(name)) return {std::move(*part)};
  std::vector<Field> meant;
  for (const Field& field : schema.fields) {
    const std::string_view rest = std::string_view(field.name).substr(std::min(name.size(), field.name.size()));
    if (!name.empty() && field.name.starts_with(name) && (rest.starts_with('.') || rest.starts_with('[')))
      meant.push_back(field);
  }
  return meant;
}

}  // namespace

Schema Schema::select(const std::vector<std::string>& wanted) const {
  Schema chosen{{}, size_bytes, align_bytes, {}};
  for (const std::string& name : wanted) {
    const std::vector<Field> meant = fields_meant(*this, name);
    const bool is_twice =
        std::any_of(meant.begin(), meant.end(), [&](auto& field) { return chosen.find(field.name) != nullptr; });
    if (meant.empty() || is_twice) {
      throw Error(Code::invalid_argument,
                  {.name = {},
                   .doing = "select fields",
                   .expected = fmt::format("some of {}, each once", names()),
                   .found = fmt::format("'{}'{}", text::printable(name), is_twice ? " twice" : ""),
                   .remedy = "name fields that the record has, or elements of them, like pos[0]"});
    }
    for (const Field& field : meant) {
      if (field.name == time_field) chosen.time_field = time_field;
      chosen.fields.push_back(field);
    }
  }
  return chosen;
}

std::string defect(const Schema& schema) {
  if (schema.fields.empty()) return "no fields";
  if (schema.fields.size() > kMaxFields) {
    return fmt::format("{} fields, {} are allowed", schema.fields.size(), kMaxFields);
  }
  if (schema.size_bytes == 0 || schema.size_bytes > kMaxRecordBytes) {
    return fmt::format("a record of {} bytes, 1 to {} are allowed", schema.size_bytes, kMaxRecordBytes);
  }
  std::vector<const Field*> by_place;
  for (const Field& field : schema.fields) {
    if (auto wrong = field_defect(field, schema.size_bytes); !wrong.empty()) return wrong;
    by_place.push_back(&field);
  }
  std::sort(by_place.begin(), by_place.end(),
            [](const Field* a, const Field* b) { return a->offset_bytes < b->offset_bytes; });
  for (std::size_t i = 1; i < by_place.size(); ++i) {
    const Field& before = *by_place[i - 1];
    if (before.offset_bytes + before.size_bytes() > by_place[i]->offset_bytes) {
      return fmt::format("fields '{}' and '{}', which overlap", text::printable(before.name),
                         text::printable(by_place[i]->name));
    }
  }
  std::vector<std::string_view> sorted;
  for (const Field& field : schema.fields) sorted.push_back(field.name);
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) return fmt::format("two fields named '{}'", text::printable(*twice));
  return {};
}

}  // namespace arena_shm::schema
