// What `inspect` tells programs: the facts of its page as one object.
#pragma once

#include "tool/inspection.hpp"
#include "tool/object_lines.hpp"

namespace arena_shm::tool {

/// What can be said of a file whose header cannot be used.
JsonObject damaged_object(const Inspection& inspection);

/// Null is what is not there: parts that were cut off, the processes of a saved segment. Requires: facts.usable.
JsonObject whole_object(const Inspection& inspection);

}  // namespace arena_shm::tool
