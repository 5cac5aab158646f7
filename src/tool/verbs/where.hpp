// Where in an arena to begin, as the command line says it: oldest, newest, or a sequence number.
#pragma once

#include <cstdint>
#include <string>

namespace arena_shm::tool {

/// For CLI11. Returns: what is wrong with the text, or nothing.
std::string check_from(const std::string& text);

/// The first sequence number to read. Requires: a text that check_from lets pass.
std::uint64_t start_of(const std::string& from, std::uint64_t head, std::uint64_t slots);

}  // namespace arena_shm::tool
