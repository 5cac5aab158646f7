#include "schema/schema_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "arena_shm/error.hpp"
#include "text/quantities.hpp"
#include "text/utf8.hpp"

namespace arena_shm::schema {

namespace {

using nlohmann::json;

constexpr int kMaxDepth = 8;  // of nested JSON values; the schema itself needs 4

[[noreturn]] void fail(std::string_view expected, std::string_view found) {
  throw Error(
      Code::invalid_argument,
      {.name = {},
       .doing = "read the schema",
       .expected = std::string(expected),
       .found = std::string(found),
       .remedy = R"(write it as numpy.dtype reads it: {"names":["ts"],"formats":["<u8"],"offsets":[0],"itemsize":8})"});
}

json parse_bounded(std::string_view text) {
  if (text.size() > kMaxSchemaTextBytes) {
    fail(fmt::format("at most {} bytes of JSON", kMaxSchemaTextBytes), fmt::format("{} bytes", text.size()));
  }
  const auto bound_depth = [](int depth, json::parse_event_t, json&) {
    if (depth > kMaxDepth) fail(fmt::format("at most {} nested values", kMaxDepth), "more");
    return true;
  };
  try {
    return json::parse(text, bound_depth);
  } catch (const json::parse_error& error) {
    fail("JSON", fmt::format("a syntax error at byte {}", error.byte));
  } catch (const json::out_of_range&) {
    fail("numbers that a double can hold", "a larger number");
  }
}

const json& array_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) {
    fail(fmt::format("an array \"{}\"", key), found == object.end() ? "none" : found->type_name());
  }
  return *found;
}

std::size_t size_from(const json& value, std::string_view what) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMaxRecordBytes) {
    fail(fmt::format("{} from 0 to {}", what, kMaxRecordBytes), value.is_number() ? value.dump() : value.type_name());
  }
  return value.get<std::size_t>();
}

std::optional<std::size_t> take_number(std::string_view& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value > kMaxRecordBytes) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// "(2,3)" and "(2,)", as Python writes tuples.
bool take_shape(std::string_view& text, std::vector<std::size_t>& shape) {
  if (!take(text, '(')) return true;
  while (!take(text, ')')) {
    const auto extent = take_number(text);
    if (!extent || shape.size() == kMaxDimensions) return false;
    shape.push_back(*extent);
    if (!take(text, ',') && !text.starts_with(')')) return false;
  }
  return !shape.empty();
}

bool take_type(std::string_view text, Field& field) {
  const bool big_endian = take(text, '>');
  if (!big_endian && !take(text, '<') && !take(text, '|')) take(text, '=');
  if (text.empty()) return false;
  const char letter = text.front();
  text.remove_prefix(1);
  switch (letter) {
    case '?': field.kind = Kind::boolean; break;
    case 'b': field.kind = Kind::boolean; break;
    case 'u': field.kind = Kind::unsigned_integer; break;
    case 'i': field.kind = Kind::signed_integer; break;
    case 'f': field.kind = Kind::floating; break;
    case 'S': field.kind = Kind::text; break;
    default: return false;
  }
  const auto bytes = letter == '?' ? std::optional<std::size_t>{1} : take_number(text);
  field.element_bytes = bytes.value_or(0);
  // Of one byte there is no other order.
  return text.empty() && field.element_bytes > 0 &&
         (!big_endian || field.element_bytes == 1 || field.kind == Kind::text);
}

std::string format_of(const Field& field) {
  std::string out;
  if (field.is_array()) {
    out = fmt::format("({},", field.shape.front());
    for (std::size_t i = 1; i < field.shape.size(); ++i) {
      out += fmt::format("{}{}", field.shape[i], i + 1 < field.shape.size() ? "," : "");
    }
    out += ')';
  }
  const std::string_view order = field.element_bytes > 1 ? "<" : "";
  switch (field.kind) {
    case Kind::unsigned_integer: return out + fmt::format("{}u{}", order, field.element_bytes);
    case Kind::signed_integer: return out + fmt::format("{}i{}", order, field.element_bytes);
    case Kind::floating: return out + fmt::format("{}f{}", order, field.element_bytes);
    case Kind::boolean: return out + "?";
    case Kind::text: return out + fmt::format("S{}", field.element_bytes);
  }
  return out;
}

bool is_short_text(const json& value) {
  return value.is_string() && value.get_ref<const std::string&>().size() <= kMaxNameBytes;
}

// As Enumerator::value, if the field can have it.
std::optional<std::uint64_t> value_of(const json& value, const Field& field) {
  const unsigned shift = 64 - static_cast<unsigned>(field.element_bytes) * 8;
  if (field.kind == Kind::unsigned_integer) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > ~std::uint64_t{0} >> shift) return std::nullopt;
    return value.get<std::uint64_t>();
  }
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (!value.is_number_integer() ||
      (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(kMost)))
    return std::nullopt;
  const auto number = value.get<std::int64_t>();
  if (number > kMost >> shift || number < ~(kMost >> shift)) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

// A name that a number or nothing at all could be taken for is none: what is printed by it could not be read back.
bool is_enumerator_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::string_view("+-.0123456789 \t").find(name.front()) == std::string_view::npos;
}

void read_enumerators(const json& object, Field& field) {
  for (const auto& [name, value] : object.items()) {
    if (!is_enumerator_name(name)) continue;
    if (const auto number = value_of(value, field)) field.enumerators.push_back({name, *number});
  }
  // The parser's objects, which take hostile ones in their stride, are in the order of their keys.
  const bool is_signed = field.kind == Kind::signed_integer;
  std::ranges::stable_sort(field.enumerators, [is_signed](const Enumerator& a, const Enumerator& b) {
    return is_signed ? static_cast<std::int64_t>(a.value) < static_cast<std::int64_t>(b.value) : a.value < b.value;
  });
}

// metadata.time, metadata.fields.NAME.unit and .enum; whatever else is there is for other readers.
void read_notes(const json& object, Schema& schema) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return;
  const auto time = metadata->find("time");
  if (time != metadata->end() && is_short_text(*time) && schema.find(time->get_ref<const std::string&>()) != nullptr)
    schema.time_field = *time;
  const auto fields = metadata->find("fields");
  if (fields == metadata->end() || !fields->is_object()) return;
  for (Field& field : schema.fields) {
    const auto about = fields->find(field.name);
    if (about == fields->end() || !about->is_object()) continue;
    if (const auto unit = about->find("unit"); unit != about->end() && is_short_text(*unit)) field.unit = *unit;
    const bool is_integer = field.kind == Kind::unsigned_integer || field.kind == Kind::signed_integer;
    if (const auto names = about->find("enum"); is_integer && names != about->end() && names->is_object())
      read_enumerators(*names, field);
  }
}

std::size_t natural_align(const Schema& schema) {
  std::size_t align = 1;
  for (const Field& field : schema.fields) {
    if (field.offset_bytes % field.align_bytes() == 0) align = std::max(align, field.align_bytes());
  }
  while (schema.size_bytes % align != 0) align /= 2;
  return align;
}

using OrderedJson = nlohmann::ordered_json;

// Puts a member behind the others of an object. No key is there yet: to look for it would take the longer, the more
// there are.
void append_member(OrderedJson& object, const std::string& key, OrderedJson value) {
  using Members = OrderedJson::object_t::Container;
  static_cast<Members&>(object.get_ref<OrderedJson::object_t&>()).emplace_back(key, std::move(value));
}

// metadata.fields
OrderedJson notes_of(const Schema& schema) {
  OrderedJson notes = OrderedJson::object();
  for (const Field& field : schema.fields) {
    OrderedJson about = OrderedJson::object();
    if (!field.unit.empty()) about["unit"] = field.unit;
    OrderedJson names = OrderedJson::object();
    for (const auto& [name, value] : field.enumerators) {
      const bool is_signed = field.kind == Kind::signed_integer;
      append_member(names, name, is_signed ? OrderedJson(static_cast<std::int64_t>(value)) : OrderedJson(value));
    }
    if (!names.empty()) about["enum"] = std::move(names);
    if (!about.empty()) append_member(notes, field.name, std::move(about));
  }
  return notes;
}

}  // namespace

std::string to_json(const Schema& schema) {
  using Json = OrderedJson;
  Json names = Json::array();
  Json formats = Json::array();
  Json offsets = Json::array();
  for (const Field& field : schema.fields) {
    names.push_back(field.name);
    formats.push_back(format_of(field));
    offsets.push_back(field.offset_bytes);
  }
  Json object;
  object["names"] = std::move(names);
  object["formats"] = std::move(formats);
  object["offsets"] = std::move(offsets);
  object["itemsize"] = schema.size_bytes;
  Json metadata = Json::object();
  if (Json notes = notes_of(schema); !notes.empty()) metadata["fields"] = std::move(notes);
  if (!schema.time_field.empty()) metadata["time"] = schema.time_field;
  if (!metadata.empty()) object["metadata"] = std::move(metadata);
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Schema parse_json(std::string_view text) {
  const json object = parse_bounded(text);
  if (!object.is_object()) fail("a JSON object", object.type_name());
  const json& names = array_of(object, "names");
  const json& formats = array_of(object, "formats");
  const json& offsets = array_of(object, "offsets");
  if (names.size() != formats.size() || names.size() != offsets.size() || names.size() > kMaxFields) {
    fail(fmt::format("as many names as formats and offsets, at most {}", kMaxFields),
         fmt::format("{}, {} and {}", names.size(), formats.size(), offsets.size()));
  }
  Schema schema;
  schema.size_bytes = size_from(object.value("itemsize", json()), "an \"itemsize\"");
  for (std::size_t i = 0; i < names.size(); ++i) {
    Field field;
    if (!names[i].is_string()) fail("a text for each name", names[i].type_name());
    field.name = names[i];
    if (!formats[i].is_string()) fail("a text for each format", formats[i].type_name());
    std::string_view format = formats[i].get_ref<const std::string&>();
    if (!take_shape(format, field.shape) || !take_type(format, field)) {
      fail(fmt::format("a format like <u8, <f4, ?, S16 or (3,)<f4 for field '{}'", text::printable(field.name)),
           text::excerpt(formats[i].get_ref<const std::string&>()));
    }
    field.offset_bytes = size_from(offsets[i], "an offset");
    schema.fields.push_back(std::move(field));
  }
  if (const std::string wrong = defect(schema); !wrong.empty()) fail("fields that fit into the record", wrong);
  schema.align_bytes = natural_align(schema);
  read_notes(object, schema);
  return schema;
}

Schema parse_json(std::string_view text, std::size_t record_bytes) {
  Schema schema = parse_json(text);
  if (schema.size_bytes != record_bytes) {
    fail("a schema for records of " + text::counted(record_bytes, "byte"), text::counted(schema.size_bytes, "byte"));
  }
  return schema;
}

}  // namespace arena_shm::schema
