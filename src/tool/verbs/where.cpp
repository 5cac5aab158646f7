#include "tool/verbs/where.hpp"

#include <string>

#include "arena_shm/options.hpp"

namespace arena_shm::tool {

std::uint64_t start_of(const std::string& from, std::uint64_t head, std::uint64_t slots) {
  if (from == "oldest") return From::oldest.cursor(head, slots);
  if (from == "newest") return From::newest.cursor(head, slots);
  return std::stoull(from);
}

}  // namespace arena_shm::tool
