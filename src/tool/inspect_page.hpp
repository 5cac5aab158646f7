// The page that `inspect` prints, section by section. Every text from the segment is made printable here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "inspect/facts.hpp"
#include "inspect/image.hpp"
#include "inspect/processes.hpp"
#include "inspect/seats.hpp"
#include "inspect/values.hpp"
#include "schema/schema.hpp"

namespace arena_shm::tool {

/// All that is known about one segment.
struct Inspection {
  const inspect::Image& image;
  inspect::Facts facts{};
  inspect::Seats seats{};
  inspect::Mappers mappers{};
  std::optional<std::uint64_t> oldest{};  ///< the oldest seq that can be read
  double values_per_second = 0;           ///< lately; 0 also if the segment is a saved one
  std::optional<schema::Schema> schema{};
  std::vector<inspect::Value> newest{};
};

/// What can be said of a file whose header cannot be used.
std::string damaged_page(const Inspection& inspection);

/// Requires: facts.usable.
std::string whole_page(const Inspection& inspection);

}  // namespace arena_shm::tool
