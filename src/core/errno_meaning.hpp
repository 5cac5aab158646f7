// What a failed system call means to the user: the cause and the remedy, by what the call was for. Where errno leaves
// several causes open, the host is asked which of them it is.
#pragma once

#include <string>

#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {

struct Meaning {
  Code code;
  std::string found;
  std::string remedy;  ///< never empty
};

Meaning meaning_of(int error, Act act);

}  // namespace arena_shm::core
