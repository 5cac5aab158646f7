// As what the tool shows the records of an arena: with the schema in the segment, with one given on the command line,
// or as mere bytes.
#pragma once

#include <optional>
#include <string>

#include "arena_shm/info.hpp"
#include "recording/attendant.hpp"
#include "schema/schema.hpp"

namespace arena_shm::recording {

/// The schema to use for this arena: `as`, a text in the fields language, if it is not empty, else the one in the
/// segment; nothing if that has none, or none that can be used, and then a note says so.
/// Errors: Code::invalid_argument, or incompatible_type if `as` describes another size than the record has.
std::optional<schema::Schema> schema_for(const Info& info, const std::string& as, Attendant& attendant);

/// Throws that a schema is needed for `what`, and where to get one. Errors: Code::incompatible_type.
[[noreturn]] void refuse_without_schema(const Info& info, const std::string& what);

}  // namespace arena_shm::recording
