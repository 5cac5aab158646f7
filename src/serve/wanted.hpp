// A filter, as somebody has typed it, for the values of one segment.
#pragma once

#include <string>

#include "serve/lens.hpp"
#include "serve/ring_layout.hpp"

namespace arena_shm::serve {

/// Null, for all values, if there is no text. Errors: Code::invalid_argument.
Wanted wanted_by(const std::string& where, const RingLayout& layout);

}  // namespace arena_shm::serve
