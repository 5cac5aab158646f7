// What `inspect` tells programs: the facts of its page as one object.
#pragma once

#include "terminal/object_lines.hpp"
#include "tool/views/inspection.hpp"

namespace arena_shm::tool {

// `quote_int64`: integers are texts, but not in the schema.

/// What can be said of a file whose header cannot be used.
terminal::JsonObject damaged_object(const Inspection& inspection, bool quote_int64);

/// Null is what is not there: parts that were cut off, the processes of a saved segment. Requires: facts.usable.
terminal::JsonObject whole_object(const Inspection& inspection, bool quote_int64);

}  // namespace arena_shm::tool
