#include "schema/meaning.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace arena_shm::schema {

namespace {

std::string time_text(const std::string& field) {
  return field.empty() ? "records without a time field" : fmt::format("the time in field '{}'", field);
}

std::string unit_text(const Field& field) {
  return fmt::format("field '{}' {}", field.name, field.unit.empty() ? "without a unit" : "in " + field.unit);
}

std::string name_text(const Field& field, const Enumerator& one) {
  // Of a signed type, too: as its bits are.
  return field.kind == Kind::signed_integer
             ? fmt::format("'{}' as {} in field '{}'", one.name, static_cast<std::int64_t>(one.value), field.name)
             : fmt::format("'{}' as {} in field '{}'", one.name, one.value, field.name);
}

// One of the names of a field stands for something else, or something has another name. A value may have several.
std::optional<Difference> difference_in_names(const Field& before, const Field& now) {
  const auto with_name = [](const Field& field, const std::string& name) {
    return std::ranges::find(field.enumerators, name, &Enumerator::name);
  };
  for (const Enumerator& one : before.enumerators) {
    auto other = with_name(now, one.name);
    if (other == now.enumerators.end()) {
      other = std::ranges::find(now.enumerators, one.value, &Enumerator::value);
      if (other == now.enumerators.end() || with_name(before, other->name) != before.enumerators.end()) continue;
    } else if (other->value == one.value) {
      continue;
    }
    return Difference{name_text(before, one), name_text(now, *other)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Difference> difference_in_meaning(const Schema& before, const Schema& now) {
  if (before.time_field != now.time_field) return Difference{time_text(before.time_field), time_text(now.time_field)};
  for (const Field& field : before.fields) {
    const Field* other = now.find(field.name);
    if (other == nullptr) continue;
    if (field.unit != other->unit) return Difference{unit_text(field), unit_text(*other)};
    if (auto difference = difference_in_names(field, *other)) return difference;
  }
  return std::nullopt;
}

}  // namespace arena_shm::schema
