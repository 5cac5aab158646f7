// When a record was made, by its own account.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "schema/schema.hpp"

namespace arena_shm::schema {

/// The schema's time field, if it is a single integer whose unit is a time.
std::optional<Field> time_field(const Schema& schema);

/// Nanoseconds since 1970; nothing if there are more than an i64 holds. Requires: a field from time_field, and a record
/// that has it.
std::optional<std::int64_t> time_ns(const Field& field, std::span<const std::byte> record);
/// The same where times before 1970 are 0, and a u64 holds more of them; what is beyond that, too, is its greatest.
std::uint64_t unsigned_time_ns(const Field& field, std::span<const std::byte> record);

}  // namespace arena_shm::schema
