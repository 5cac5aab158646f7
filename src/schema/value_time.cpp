#include "schema/value_time.hpp"

#include <algorithm>
#include <utility>

#include "schema/number_text.hpp"

namespace arena_shm::schema {

Schema behind_column(const Schema& record, std::string_view name, Kind kind) {
  Field column;
  column.name = name;
  column.kind = kind;
  column.element_bytes = kColumnBytes;
  Schema row;
  row.fields.reserve(record.fields.size() + 1);
  row.fields.push_back(std::move(column));
  row.size_bytes = record.size_bytes + kColumnBytes;
  row.align_bytes = std::min(record.align_bytes, kColumnBytes);
  row.time_field = record.time_field;
  for (Field field : record.fields) {
    field.offset_bytes += kColumnBytes;
    row.fields.push_back(std::move(field));
  }
  return row;
}

Schema with_value_time(const Schema& record) {
  Schema row = behind_column(record, kTimeColumn, Kind::signed_integer);
  if (row.time_field.empty()) row.time_field = kTimeColumn;
  return row;
}

bool is_beside(const Schema& record, std::string_view column) noexcept {
  return (column == kSeqColumn || column == kTimeColumn || column == kArenaColumn) && record.find(column) == nullptr;
}

// At commas; blanks around names are for the eye.
std::vector<std::string> split_names(std::string_view list, const Schema& record) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t comma = list.find(',');
    const std::string_view name = trimmed(list.substr(0, comma));
    if (!is_beside(record, name)) parts.emplace_back(name);
    if (comma == std::string_view::npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace arena_shm::schema
