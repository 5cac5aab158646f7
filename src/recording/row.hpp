// What recordings are made of: rows, each a record, behind the time of its value where the record itself says none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/info.hpp"
#include "schema/schema.hpp"
#include "schema/value_time.hpp"

namespace arena_shm::recording {

/// Where rows come from, as formats keep it that describe themselves. Empty: not known.
struct RowOrigin {
  std::string arena{};  ///< its name
  std::string type{};   ///< of its records
  std::string epoch{};  ///< of the arena that the first rows are of, as `inspect` shows it
  std::uint32_t lanes = 1;
  bool is_live = false;  ///< the rows come from there just now
};

/// What a row's record is. Without a schema it is so many bytes.
struct RecordShape {
  std::size_t size_bytes = 0;
  std::optional<schema::Schema> schema{};
  bool has_time = false;  ///< in front of it: schema::kTimeColumn
  RowOrigin origin{};

  std::size_t time_bytes() const noexcept { return has_time ? schema::kColumnBytes : 0; }
  std::size_t row_bytes() const noexcept { return time_bytes() + size_bytes; }
  /// Of the row. Requires: a schema.
  schema::Schema row_schema() const { return has_time ? schema::with_value_time(*schema) : *schema; }
};

/// Do the rows of this arena have the times of the values? Where it has times, and the schema names no time field and
/// has no field that is called so.
inline bool has_time_column(const Info& info, const std::optional<schema::Schema>& schema) {
  if (info.clock == Clock::none) return false;
  return !schema || (schema->time_field.empty() && schema->find(schema::kTimeColumn) == nullptr);
}

/// Requires: a row with the time column.
inline std::int64_t time_of_row(std::span<const std::byte> row) noexcept {
  std::int64_t ns = 0;
  std::memcpy(&ns, row.data(), sizeof(ns));
  return ns;
}
/// Requires: a row with the time column.
inline void put_time(std::span<std::byte> row, std::int64_t ns) noexcept { std::memcpy(row.data(), &ns, sizeof(ns)); }

/// Room for a row.
class Row {
 public:
  explicit Row(const RecordShape& shape) : time_bytes_(shape.time_bytes()), bytes_(shape.row_bytes()) {}

  bool has_time() const noexcept { return time_bytes_ > 0; }
  std::span<std::byte> bytes() noexcept { return bytes_; }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  std::span<std::byte> record() noexcept { return bytes().subspan(time_bytes_); }
  /// Requires: has_time().
  void set_time(std::int64_t ns) noexcept { put_time(bytes_, ns); }

 private:
  std::size_t time_bytes_;
  std::vector<std::byte> bytes_;
};

}  // namespace arena_shm::recording
