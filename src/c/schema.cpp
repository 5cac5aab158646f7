#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "arena_shm/describe.hpp"
#include "c/guarded.hpp"

using namespace arena_shm;
using namespace arena_shm::c;

namespace {

constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxDimensions = 8;
constexpr std::size_t kMaxFields = 4096;

[[noreturn]] void refuse_field(std::size_t i, const std::string& name, std::string expected, std::string found) {
  std::string doing = "describe field ";
  doing += std::to_string(i);
  if (!name.empty()) doing += " ('" + name + "')";
  refuse(doing.c_str(), std::move(expected), std::move(found), "see arena_shm_field");
}

/// What goes into a JSON text as it is.
bool is_plain(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\\' && c != '\x7f';
  });
}

struct Scalar {
  const char* format;  // as numpy has it
  std::uint64_t bytes;
};

/// Requires: neither none of them nor a text.
Scalar scalar_of(unsigned type) noexcept {
  constexpr Scalar kScalars[] = {{"u1", 1},  {"<u2", 2}, {"<u4", 4}, {"<u8", 8}, {"i1", 1}, {"<i2", 2},
                                 {"<i4", 4}, {"<i8", 8}, {"<f4", 4}, {"<f8", 8}, {"?", 1}};
  return kScalars[type - ARENA_SHM_U8];
}

bool is_integer(arena_shm_type type) noexcept { return type >= ARENA_SHM_U8 && type <= ARENA_SHM_I64; }
bool is_unsigned(arena_shm_type type) noexcept { return type <= ARENA_SHM_U64; }

/// Requires: is_integer. `value` has the bits of a 64-bit one.
bool has_room_for(arena_shm_type type, std::int64_t value) noexcept {
  const auto bits = static_cast<int>(scalar_of(static_cast<unsigned>(type)).bytes * 8);
  if (bits == 64) return true;
  return is_unsigned(type) ? value >= 0 && value >> bits == 0 : value >> (bits - 1) == 0 || value >> (bits - 1) == -1;
}

/// "\"buy\":0,\"sell\":1"
std::string enumerators_of(std::size_t i, const arena_shm_field& field) {
  std::string text;
  if (field.enumerator_count != 0) deref(field.enumerators, "enumerators");
  for (std::size_t k = 0; k < field.enumerator_count; ++k) {
    const arena_shm_enumerator& one = field.enumerators[k];
    const std::string_view name = text_or_empty(one.name);
    if (name.empty() || !is_plain(name))
      refuse_field(i, field.name, "names of its values without quotes and control characters", std::string(name));
    if (!has_room_for(field.type, one.value))
      refuse_field(i, field.name, "values that its type has room for",
                   std::string(name) + " = " + std::to_string(one.value));
    if (k != 0) text += ',';
    text += '"';
    text += name;
    text += "\":";
    text += is_unsigned(field.type) ? std::to_string(static_cast<std::uint64_t>(one.value)) : std::to_string(one.value);
  }
  return text;
}

/// As Python writes tuples: "(3,)", but "(2,3)"; and how many elements that are.
std::pair<std::string, std::uint64_t> shape_of(std::size_t i, const arena_shm_field& field, std::uint64_t most) {
  std::string text;
  std::uint64_t elements = 1;
  if (field.dimensions != 0) deref(field.shape, "shape");
  for (std::size_t k = 0; k < field.dimensions; ++k) {
    const std::uint64_t extent = field.shape[k];
    if (extent == 0 || extent > most / elements)
      refuse_field(i, field.name, "extents above 0, and an array within the record", std::to_string(extent));
    elements *= extent;
    text += (k == 0 ? "(" : ",") + std::to_string(extent);
  }
  if (field.dimensions != 0) text += field.dimensions == 1 ? ",)" : ")";
  return {std::move(text), elements};
}

struct Place {
  std::uint64_t begin;
  std::uint64_t end;
  std::size_t field;
};

Place add_field(core::SchemaText& schema, std::size_t i, const arena_shm_field& field, std::uint64_t record_bytes) {
  const std::string name(text_or_empty(field.name));
  if (name.empty() || name.size() > kMaxNameBytes || !is_plain(name))
    refuse_field(i, {}, "a name of 1 to 255 bytes without quotes and control characters", "'" + name + "'");
  const auto type = enumerator<unsigned>(field.type, ARENA_SHM_TEXT + 1, "a number of arena_shm_type");
  if (type == 0) refuse_field(i, name, "a type", "none");
  const bool is_text = type == ARENA_SHM_TEXT;
  if (is_text != (field.text_bytes != 0))
    refuse_field(i, name, is_text ? "the bytes of a text" : "no text_bytes, for it is no text",
                 std::to_string(field.text_bytes));
  const std::string text_format = 'S' + std::to_string(field.text_bytes);
  const Scalar scalar = is_text ? Scalar{text_format.c_str(), field.text_bytes} : scalar_of(type);
  if (!is_plain(text_or_empty(field.unit)))
    refuse_field(i, name, "a unit without quotes and control characters", field.unit);
  if (field.dimensions > kMaxDimensions)
    refuse_field(i, name, "at most 8 dimensions", std::to_string(field.dimensions));
  if (field.is_time && (!is_integer(field.type) || field.dimensions != 0))
    refuse_field(i, name, "an integer as the time", "another type, or an array");
  if (field.enumerator_count != 0 && !is_integer(field.type))
    refuse_field(i, name, "an integer, since its values have names", "another type");
  const auto [shape, elements] = shape_of(i, field, record_bytes);
  if (field.offset_bytes > record_bytes || elements > (record_bytes - field.offset_bytes) / scalar.bytes)
    refuse_field(i, name, "a place within the record of " + std::to_string(record_bytes) + " bytes",
                 std::to_string(elements) + " times " + std::to_string(scalar.bytes) + " bytes at byte " +
                     std::to_string(field.offset_bytes));
  schema.add(name, shape + scalar.format, field.offset_bytes,
             FieldNote{.field = name, .unit = text_or_empty(field.unit), .is_time = field.is_time},
             enumerators_of(i, field));
  return {field.offset_bytes, field.offset_bytes + elements * scalar.bytes, i};
}

void require_apart(std::vector<Place> places, const arena_shm_field* fields) {
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.begin < b.begin; });
  for (std::size_t k = 1; k < places.size(); ++k) {
    if (places[k].begin < places[k - 1].end)
      refuse_field(places[k].field, fields[places[k].field].name, "a place of its own",
                   std::string("bytes of '") + fields[places[k - 1].field].name + "', too");
  }
}

void require_own_names(const arena_shm_field* fields, std::size_t count) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < count; ++i) names.emplace_back(fields[i].name);
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    refuse("describe fields", "names that differ", "'" + std::string(*twice) + "' twice", "see arena_shm_field");
}

}  // namespace

arena_shm_status arena_shm_schema(const arena_shm_field* fields, std::size_t count, std::uint64_t record_bytes,
                                  char* text, std::size_t capacity, std::size_t* length, arena_shm_error* error) {
  return guarded(error, [&] {
    if (count == 0 || count > kMaxFields)
      refuse("describe fields", "1 to 4096 of them", std::to_string(count), "see arena_shm_schema");
    deref(fields, "fields");
    core::SchemaText schema;
    std::vector<Place> places;
    for (std::size_t i = 0; i < count; ++i) places.push_back(add_field(schema, i, fields[i], record_bytes));
    require_apart(std::move(places), fields);
    require_own_names(fields, count);
    const std::string json = schema.json(record_bytes);
    if (length != nullptr) *length = json.size();
    if (json.size() >= capacity) return ARENA_SHM_NOTHING;
    std::memcpy(&deref(text, "text"), json.c_str(), json.size() + 1);
    return ARENA_SHM_OK;
  });
}
