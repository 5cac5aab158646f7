// Rows that JSON cannot say: a text may be any bytes, and JSON is UTF-8; NaN has a sign and a payload, and JSON has
// null. Their messages have the row once more, as hexadecimal digits: {"_seq":7,...,"_row":"00ff..."}
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schema/schema.hpp"

namespace arena_shm::recording::mcap {

/// Has it texts that are not UTF-8, or other bytes behind the NUL that ends one; a NaN that is not the usual one; or a
/// truth that is neither 0 nor 1?
bool needs_exact_row(const schema::Schema& row, std::span<const std::byte> bytes);
/// Adds the row to its message. Requires: an object.
void add_exact_row(std::string& message, std::span<const std::byte> row);
/// Fills `row`, if the message has one of this size. Returns: the number of the value.
std::optional<std::uint64_t> exact_row_in(std::string_view message, std::span<std::byte> row);

}  // namespace arena_shm::recording::mcap
