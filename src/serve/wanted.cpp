#include "serve/wanted.hpp"

#include "arena_shm/error.hpp"

namespace arena_shm::serve {

Wanted wanted_by(const std::string& where, const RingLayout& layout) {
  if (where.empty()) return nullptr;
  throw Error(Code::invalid_argument, {.name = layout.info().name,
                                       .doing = "filter the values of",
                                       .expected = "no filter",
                                       .found = "one",
                                       .remedy = "leave it out"});
}

}  // namespace arena_shm::serve
