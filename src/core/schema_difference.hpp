// How two schemas differ, field by field, for the error of an open with another type. The library has no JSON parser:
// what describe.hpp and the tool write is read here, and of any other text it is only said that it is another.
#pragma once

#include <string>
#include <string_view>

namespace arena_shm::core {

/// What the one side and the other have where they differ, a field each: "px <f8 at 8, qty <u4 at 16". Both are
/// "another schema" and the like if one of the texts is of another form. Empty: only notes (units, enums) differ.
struct SchemaDifference {
  std::string expected;
  std::string found;
};

SchemaDifference schema_difference(std::string_view expected, std::string_view found);

}  // namespace arena_shm::core
