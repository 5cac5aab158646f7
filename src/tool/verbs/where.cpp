#include "tool/verbs/where.hpp"

namespace arena_shm::tool {

From from_of(const std::string& text) {
  if (text == "oldest") return From::oldest;
  if (text == "newest") return From::newest;
  return From::at(std::stoull(text));
}

Position place_in(const RawView& view, From from) { return view.reader(from, {.doorbell = false}).position(); }

}  // namespace arena_shm::tool
