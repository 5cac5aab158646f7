// Errors, told to the user: the one place.
#pragma once

#include <string>

#include "arena_shm/error.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

/// What went wrong, with a likely name where one was misspelt.
std::string error_text(const Error& error);

/// Says on standard error that text. Returns: exit_code_of its code.
terminal::ExitCode report(const Error& error);

}  // namespace arena_shm::tool
