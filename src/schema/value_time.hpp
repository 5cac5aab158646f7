// The time at which a value was appended, as a column beside its record: an i64 in front of it, so that it is printed,
// stored and read as any other field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.hpp"

namespace arena_shm::schema {

inline constexpr std::size_t kColumnBytes = 8;  ///< of `_seq` and of `_time_ns`

/// The same record behind a column of 8 bytes.
Schema behind_column(const Schema& record, std::string_view name, Kind kind);

/// The same record behind `_time_ns`, in nanoseconds since 1970. That is its time field, if it has no other.
Schema with_value_time(const Schema& record);

/// Is it a column beside the record: `_seq`, `_time_ns` or `_arena`, unless a field has that name?
bool is_beside(const Schema& record, std::string_view column) noexcept;

/// The names in a list like "ts, pos[0]", for Schema::select: what stands beside the record is always there.
std::vector<std::string> split_names(std::string_view list, const Schema& record);

}  // namespace arena_shm::schema
