// What can be drawn of a record: its numbers, as doubles.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "schema/schema.hpp"

namespace arena_shm::plot {

/// One element of a field.
struct Series {
  std::string name;  ///< "px", "pos[1]"
  std::string unit;  ///< empty: none
  schema::Field field;
  std::size_t index = 0;

  /// Integers beyond 2^53 are rounded. Requires: a record that has the field.
  double value(std::span<const std::byte> record) const noexcept;
};

/// All numbers of these records but their time field, in the order of the fields; if some are wanted, these, in that
/// order. Errors: Code::invalid_argument, for a name that is unknown, a text, or if there is nothing to draw.
std::vector<Series> series_of(const std::string& arena, const schema::Schema& record,
                              const std::vector<std::string>& wanted);

}  // namespace arena_shm::plot
