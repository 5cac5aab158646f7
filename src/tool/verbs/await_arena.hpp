// --wait: an arena that is not there yet.
#pragma once

#include <string>

#include "terminal/command_line.hpp"

namespace arena_shm::tool {

/// Adds --wait to a verb.
terminal::Option add_wait_option(const terminal::Command& verb, bool& waits);

/// Waits until there is an arena of this name, and says so if it is not there. Stop signals have to be caught.
/// Returns: false if a stop is requested first. Errors: those of RawView::open, but not_found; OutputClosed.
bool await_arena(const std::string& name);

}  // namespace arena_shm::tool
