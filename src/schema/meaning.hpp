// Whether what is read by one schema means the same by another one.
#pragma once

#include <optional>
#include <string>

#include "schema/schema.hpp"

namespace arena_shm::schema {

/// As an error has them.
struct Difference {
  std::string expected;
  std::string found;
};

/// Of two schemas with the same fields at the same places: what a value means otherwise in the second one, because of
/// its unit, of the field that is the time, or of an enum's name that is another value's. A name that only one of them
/// has is no difference. Returns: the first one; nothing if there is none.
std::optional<Difference> difference_in_meaning(const Schema& before, const Schema& now);

}  // namespace arena_shm::schema
