#include "recording/mcap/message_schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "schema/record_formatter.hpp"

namespace arena_shm::recording::mcap {

namespace {

using nlohmann::ordered_json;
using schema::Field;
using schema::Kind;

constexpr const char* kBesideTheTypes =
    "Instead of a number, NaN is null, and an infinity is \"Infinity\" or \"-Infinity\"; instead of a name, a value of "
    "an enum that has none is its number.";

const char* json_type(const Field& field, bool quote_int64) {
  if (!field.enumerators.empty() || field.kind == Kind::text) return "string";
  if (field.kind == Kind::boolean) return "boolean";
  if (field.kind == Kind::floating) return "number";
  return quote_int64 && field.element_bytes == sizeof(std::uint64_t) ? "string" : "integer";
}

std::string description_of(const Field& field) {
  std::string text = field.type_name();
  if (!field.unit.empty()) text += " in " + field.unit;
  if (field.enumerators.empty()) return text;
  std::vector<std::string> names;
  for (const schema::Enumerator& one : field.enumerators) names.push_back(one.name);
  return fmt::format("{}: {}", text, fmt::join(names, ", "));
}

ordered_json property_of(const Field& field, bool quote_int64) {
  ordered_json property{{"type", json_type(field, quote_int64)}};
  for (auto extent = field.shape.rbegin(); extent != field.shape.rend(); ++extent)
    property = {{"type", "array"}, {"items", property}, {"minItems", *extent}, {"maxItems", *extent}};
  property["description"] = description_of(field);
  return property;
}

}  // namespace

std::string row_schema_json(const schema::Schema& row, const std::string& title, bool quote_int64) {
  ordered_json properties = ordered_json::object();
  properties[std::string(schema::kSeqColumn)] = {{"type", quote_int64 ? "string" : "integer"},
                                                 {"description", "u64: the number of the value"}};
  for (const Field& field : row.fields) properties[field.name] = property_of(field, quote_int64);
  return ordered_json{
      {"title", title}, {"description", kBesideTheTypes}, {"type", "object"}, {"properties", properties}}
      .dump();
}

std::string event_schema_json() {
  const ordered_json integer{{"type", "integer"}};
  const ordered_json text{{"type", "string"}};
  const ordered_json properties{{"event", text},   {"row", integer},  {"first", integer},
                                {"last", integer}, {"step", integer}, {"count", integer},
                                {"cause", text},   {"text", text},    {"epoch", text}};
  return ordered_json{{"title", "event"}, {"type", "object"}, {"properties", properties}}.dump();
}

std::string gap_event(const PlacedGap& placed) {
  const Gap& gap = placed.gap;
  return ordered_json{{"event", "gap"},
                      {"row", placed.row},
                      {"first", gap.first},
                      {"last", gap.last},
                      {"step", gap.step},
                      {"count", gap.count()},
                      {"cause", to_string(gap.cause)},
                      {"text", schema::describe(gap)}}
      .dump();
}

std::string restart_event(const std::string& epoch) {
  return ordered_json{{"event", "restarted"}, {"epoch", epoch}}.dump();
}

Event parse_event(std::string_view message) {
  Event event;
  const std::string list = fmt::format("[{}]", message);
  const std::vector<PlacedGap> gaps = parse_gaps(list);
  if (!gaps.empty()) {
    event.gap = gaps.front().gap;
    return event;
  }
  constexpr int kDepth = 1;
  const auto bound_depth = [](int depth, ordered_json::parse_event_t, ordered_json&) { return depth <= kDepth; };
  const ordered_json object = ordered_json::parse(message, bound_depth, false);
  if (!object.is_object()) return event;
  const auto epoch = object.find("epoch");
  if (epoch != object.end() && epoch->is_string()) event.epoch = epoch->get<std::string>();
  return event;
}

}  // namespace arena_shm::recording::mcap
