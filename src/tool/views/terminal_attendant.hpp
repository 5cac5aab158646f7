// The terminal as the one who attends to a run.
#pragma once

#include "recording/attendant.hpp"

namespace arena_shm::tool {

/// Notes go to standard error; progress too, where that is a terminal; SIGINT and SIGTERM ask for the end
/// (signals.hpp).
recording::Attendant& terminal_attendant();

}  // namespace arena_shm::tool
