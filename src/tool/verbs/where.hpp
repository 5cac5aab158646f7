// Where in an arena to begin, as the command line says it: oldest, newest, or a sequence number.
#pragma once

#include <cstdint>
#include <string>

namespace arena_shm::tool {

/// The first sequence number to read. Requires: a text that terminal::position() left.
std::uint64_t start_of(const std::string& from, std::uint64_t head, std::uint64_t slots);

}  // namespace arena_shm::tool
