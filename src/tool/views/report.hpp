// Errors, told to the user: the one place.
#pragma once

#include "arena_shm/error.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

/// Says on standard error what went wrong, with a likely name where one was misspelt. Returns: exit_code_of its code.
terminal::ExitCode report(const Error& error);

}  // namespace arena_shm::tool
