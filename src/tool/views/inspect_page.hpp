// The page that `inspect` prints, section by section. Every text from the segment is made printable here.
#pragma once

#include <string>

#include "tool/views/inspection.hpp"

namespace arena_shm::tool {

/// What can be said of a file whose header cannot be used.
std::string damaged_page(const Inspection& inspection);

/// Requires: facts.usable.
std::string whole_page(const Inspection& inspection);

}  // namespace arena_shm::tool
