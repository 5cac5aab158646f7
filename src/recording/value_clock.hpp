// When a value was made: by its record's time field, if it has one, else when it was appended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "recording/row.hpp"
#include "schema/record_time.hpp"

namespace arena_shm::recording {

class ValueClock {
 public:
  explicit ValueClock(const RecordShape& shape)
      : field_(shape.schema ? schema::time_field(*shape.schema) : std::nullopt), has_column_(shape.has_time) {}

  /// Can times be told at all?
  bool has_times() const noexcept { return field_ || has_column_; }
  /// Are they of this machine's clock for certain?
  bool is_of_append() const noexcept { return !field_ && has_column_; }
  /// Nanoseconds since 1970; nothing if there is no time, or none that an i64 holds. Requires: a row of that shape.
  std::optional<std::int64_t> ns(Row& row) const {
    if (field_) return schema::time_ns(*field_, row.record());
    if (has_column_) return time_of_row(row.bytes());
    return std::nullopt;
  }

 private:
  std::optional<schema::Field> field_;
  bool has_column_;
};

}  // namespace arena_shm::recording
