#include "tool/verbs/where.hpp"

#include "arena_shm/options.hpp"
#include "tool/verbs/verbs.hpp"

namespace arena_shm::tool {

std::string check_from(const std::string& text) {
  if (text == "oldest" || text == "newest" || check_count(text).empty()) return "";
  return "expected oldest, newest or a sequence number, found '" + text + "'";
}

std::uint64_t start_of(const std::string& from, std::uint64_t head, std::uint64_t slots) {
  if (from == "oldest") return From::oldest.cursor(head, slots);
  if (from == "newest") return From::newest.cursor(head, slots);
  return std::stoull(from);
}

}  // namespace arena_shm::tool
