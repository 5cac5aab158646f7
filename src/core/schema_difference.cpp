#include "core/schema_difference.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace arena_shm::core {
namespace {

struct Field {
  std::string name;
  std::string place;  // "<f8 at 16"
};

/// The items of `"key":[...]`, without their quotes. Nothing if there is no such list, or one with escapes in it.
std::optional<std::vector<std::string>> list_of(std::string_view text, std::string_view key) {
  const std::string begin = '"' + std::string(key) + "\":[";
  std::size_t at = text.find(begin);
  if (at == std::string_view::npos) return std::nullopt;
  at += begin.size();
  std::vector<std::string> items;
  std::string item;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') return std::nullopt;
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ',' || c == ']')) {
      items.push_back(std::exchange(item, {}));
      if (c == ']') return items;
    } else {
      item += c;
    }
  }
  return std::nullopt;
}

std::optional<std::vector<Field>> fields_of(std::string_view text) {
  const auto names = list_of(text, "names");
  const auto formats = list_of(text, "formats");
  const auto offsets = list_of(text, "offsets");
  if (!names || !formats || !offsets || names->size() != formats->size() || names->size() != offsets->size())
    return std::nullopt;
  std::vector<Field> fields;
  for (std::size_t i = 0; i < names->size(); ++i)
    fields.push_back({(*names)[i], (*formats)[i] + " at " + (*offsets)[i]});
  return fields;
}

const Field* find(const std::vector<Field>& fields, const std::string& name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

void append(std::string& list, const std::string& item) {
  if (!list.empty()) list += ", ";
  list += item;
}

}  // namespace

SchemaDifference schema_difference(std::string_view expected, std::string_view found) {
  const auto ours = fields_of(expected);
  const auto theirs = fields_of(found);
  if (!ours || !theirs) return {"schema " + std::string(expected), std::string(found)};
  SchemaDifference difference;
  for (const Field& field : *ours) {
    const Field* other = find(*theirs, field.name);
    if (other != nullptr && other->place == field.place) continue;
    append(difference.expected, field.name + ' ' + field.place);
    append(difference.found, other == nullptr ? "no " + field.name : field.name + ' ' + other->place);
  }
  for (const Field& field : *theirs) {
    if (find(*ours, field.name) != nullptr) continue;
    append(difference.expected, "no " + field.name);
    append(difference.found, field.name + ' ' + field.place);
  }
  return difference;
}

}  // namespace arena_shm::core
