// What test cases call the kinds of arenas.
#pragma once

#include <string>

#include "arena_shm/options.hpp"

namespace arena_shm::test {

inline std::string name_of(Writers writers) {
  switch (writers) {
    case Writers::shared: return "shared";
    case Writers::exclusive: return "exclusive";
    case Writers::laned: break;
  }
  return "laned";
}

}  // namespace arena_shm::test
