// What the exit codes mean.
#pragma once

#include "arena_shm/error.hpp"

namespace arena_shm::terminal {

enum class ExitCode : int {
  ok = 0,
  failed = 1,
  usage = 2,         ///< the command line is wrong
  lost = 3,          ///< finished, but some of the values that were asked for were lost
  absent = 4,        ///< no such arena
  incompatible = 5,  ///< another layout version, byte order, record type or schema than expected
};

ExitCode exit_code_of(Code code) noexcept;

}  // namespace arena_shm::terminal
