#include "recording/arrow/columns.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

namespace arena_shm::recording::arrow {

namespace {

using schema::Field;
using schema::Kind;

constexpr std::size_t kMostParts = 16;  // of a name: readers verify only so deep
constexpr std::size_t kIndexBytes = 4;  // into a dictionary

std::vector<std::string> split(const std::string& name) {
  std::vector<std::string> parts;
  for (std::size_t at = 0;;) {
    const std::size_t dot = name.find('.', at);
    parts.push_back(name.substr(at, dot - at));
    if (dot == std::string::npos) return parts;
    at = dot + 1;
  }
}

// The members that lead to a field. A name that could not be put together again, or would hide another, stays whole.
std::vector<std::string> path_of(const Field& field, const std::set<std::string>& names) {
  std::vector<std::string> parts = split(field.name);
  const bool is_odd =
      parts.size() > kMostParts || std::ranges::any_of(parts, [](const std::string& part) { return part.empty(); });
  std::string before;
  bool is_hidden = false;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    before += (i > 0 ? "." : "") + parts[i];
    is_hidden = is_hidden || names.contains(before);
  }
  return is_odd || is_hidden ? std::vector<std::string>{field.name} : parts;
}

std::string enumerators_of(const Field& field) {
  nlohmann::ordered_json all = nlohmann::ordered_json::object();
  for (const schema::Enumerator& one : field.enumerators) {
    if (field.kind == Kind::signed_integer)
      all[one.name] = static_cast<std::int64_t>(one.value);
    else
      all[one.name] = one.value;
  }
  return all.dump();
}

Column leaf_of(const Field& field, std::size_t index) {
  Column leaf{.name = {}, .kind = field.kind, .element_bytes = field.element_bytes, .field = index};
  if (field.kind == Kind::boolean) leaf.type = ColumnType::bits;
  if (field.kind == Kind::text) leaf.type = ColumnType::bytes;
  if (!field.enumerators.empty()) {
    leaf.dictionary = static_cast<std::int64_t>(index);
    leaf.kind = Kind::signed_integer;
    leaf.element_bytes = kIndexBytes;
  }
  return leaf;
}

Column column_of(const Field& field, std::size_t index, const std::string& name, bool is_time) {
  Column column = leaf_of(field, index);
  for (auto extent = field.shape.rbegin(); extent != field.shape.rend(); ++extent) {
    column.name = "item";
    Column list{.name = {}, .type = ColumnType::list, .extent = *extent};
    list.children.push_back(std::move(column));
    column = std::move(list);
  }
  column.name = name;
  column.notes.emplace_back("type", field.type_name());
  if (!field.unit.empty()) column.notes.emplace_back("unit", field.unit);
  if (is_time) column.notes.emplace_back("time", "true");
  if (!field.enumerators.empty()) column.notes.emplace_back("enum", enumerators_of(field));
  return column;
}

std::vector<Column>& structure_in(std::vector<Column>& columns, const std::string& name) {
  const auto found = std::ranges::find_if(
      columns, [&](const Column& column) { return column.type == ColumnType::structure && column.name == name; });
  if (found != columns.end()) return found->children;
  columns.push_back({.name = name, .type = ColumnType::structure});
  return columns.back().children;
}

class Flattening {
 public:
  explicit Flattening(std::size_t most_per_row) : most_per_row_(most_per_row) {}

  bool add(const Column& column, const Part& above, const std::string& path) {
    Part part{.type = column.type, .column = &column, .per_row = above.per_row, .shape = above.shape, .path = path};
    const std::size_t at = parts.size();
    parts.push_back(part);
    if (part.is_leaf()) return true;
    if (column.type == ColumnType::list) {
      if (column.extent == 0 || column.extent > most_per_row_ / part.per_row) return false;
      part.per_row *= column.extent;
      part.shape.push_back(column.extent);
      parts[at].shape.clear();
      return add(column.children.front(), part, path);
    }
    return std::ranges::all_of(column.children,
                               [&](const Column& child) { return add(child, part, path + '.' + child.name); });
  }

  std::vector<Part> parts;

 private:
  std::size_t most_per_row_;
};

}  // namespace

std::vector<Column> columns_of(const schema::Schema& row) {
  std::set<std::string> names;
  for (const Field& field : row.fields) names.insert(field.name);
  std::vector<Column> columns;
  for (std::size_t i = 0; i < row.fields.size(); ++i) {
    const Field& field = row.fields[i];
    const std::vector<std::string> path = path_of(field, names);
    std::vector<Column>* level = &columns;
    for (std::size_t k = 0; k + 1 < path.size(); ++k) level = &structure_in(*level, path[k]);
    level->push_back(column_of(field, i, path.back(), field.name == row.time_field));
  }
  columns.push_back({.name = std::string(schema::kGapKey),
                     .type = ColumnType::text,
                     .notes = {{"about", "what was lost in front of this row; null: nothing"}}});
  return columns;
}

std::optional<std::vector<Part>> parts_of(const std::vector<Column>& columns, std::size_t most_per_row) {
  Flattening flat(most_per_row);
  for (const Column& column : columns) {
    if (!flat.add(column, {}, column.name)) return std::nullopt;
  }
  return std::move(flat.parts);
}

}  // namespace arena_shm::recording::arrow
