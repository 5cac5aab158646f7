// The rings of this host for the live page: what `list` and `stat` say of each.
#pragma once

#include <string>
#include <vector>

#include "tool/views/watch.hpp"

namespace arena_shm::tool {

/// Looks at rings again and again. Thread safety: none.
class RingsList {
 public:
  /// `names`: as Watch has them; what the first look has to say goes to standard error. Errors: as Watch.
  explicit RingsList(const std::vector<std::string>& names);

  /// An array of JSON, with an object for each ring, as rings_list.cpp has it. Errors: as Watch::sample.
  std::string look();

 private:
  bool is_first_ = true;
  Watch watch_;
};

}  // namespace arena_shm::tool
