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

/// What `open` returns. If there is no such arena, the error tells `remedy`, which fits the verb. Errors: as `open`.
template <class Open>
auto open_or_tell(const std::string& remedy, Open open) {
  try {
    return open();
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    throw Error(error.code(), {.name = error.name(),
                               .doing = error.doing(),
                               .expected = error.expected(),
                               .found = error.found(),
                               .remedy = remedy + "; to list the arenas: arena-shm list",
                               .system_error = error.system_error()});
  }
}

}  // namespace arena_shm::tool
