#include "terminal/object_lines.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "text/csv_cell.hpp"

namespace arena_shm::terminal {

namespace {

std::string json_text(const JsonObject& value) {
  return value.dump(-1, ' ', false, JsonObject::error_handler_t::replace);
}

void append_cell(std::string& out, const JsonObject& value) {
  if (value.is_null() || (value.is_number_float() && !std::isfinite(value.get<double>()))) return;
  text::append_csv_cell(out, value.is_string() ? value.get_ref<const std::string&>() : json_text(value));
}

void add_option(const Command& verb, ObjectFormat& format, const std::vector<std::string>& names, const char* text) {
  verb.add_option(
          "--format",
          [&format](const std::string& name) {
            format.lines = name == "table" ? LineFormat::table : name == "csv" ? LineFormat::csv : LineFormat::ndjson;
          },
          text)
      .type_name("FORMAT")
      .check(one_of(names));
  add_int64_option(verb, format.quote_int64);
}

}  // namespace

void quote_integers(JsonObject& value) {
  if (value.is_number_integer()) value = json_text(value);
  if (!value.is_structured()) return;
  for (JsonObject& part : value) quote_integers(part);
}

void ObjectLines::append(std::string& out, JsonObject object) {
  if (format_.lines != LineFormat::csv) {
    if (format_.quote_int64) quote_integers(object);
    out += json_text(object) + '\n';
    return;
  }
  const auto append_row = [&](auto append_one) {
    bool is_first = true;
    for (const auto& item : object.items()) {
      if (!std::exchange(is_first, false)) out += ',';
      append_one(item);
    }
    out += '\n';
  };
  if (!std::exchange(has_heading_, true)) append_row([&](auto& item) { text::append_csv_cell(out, item.key()); });
  append_row([&](auto& item) { append_cell(out, item.value()); });
}

void add_int64_option(const Command& verb, bool& quote) {
  verb.add_option(
          "--int64", [&quote](const std::string& how) { quote = how == "string"; },
          "64-bit integers in JSON: number, or string for programs that round large numbers, like jq 1.6")
      .type_name("HOW")
      .check(one_of({"number", "string"}));
}

void add_format_option(const Command& verb, ObjectFormat& format) {
  add_option(verb, format, {"table", "ndjson", "json", "csv"}, "table, ndjson (json is the same) or csv");
}

void add_nested_format_option(const Command& verb, ObjectFormat& format) {
  add_option(verb, format, {"table", "ndjson", "json"}, "table or ndjson (json is the same)");
}

}  // namespace arena_shm::terminal
