// Where in an arena to begin, as the command line says it: oldest, newest, or a sequence number.
#pragma once

#include <string>

#include "arena_shm/options.hpp"
#include "arena_shm/raw.hpp"

namespace arena_shm::tool {

/// Requires: a text that terminal::position() left.
From from_of(const std::string& text);

/// Of each lane, where that is now. Errors: Code::invalid_argument, if it is beyond every possible sequence number.
Position place_in(const RawView& view, From from);

}  // namespace arena_shm::tool
