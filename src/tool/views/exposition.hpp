// All arenas in Prometheus's text exposition format, 0.0.4.
#pragma once

#include <string>
#include <vector>

namespace arena_shm::tool {

inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

struct Exposition {
  std::string text;
  std::vector<std::string> problems;  ///< what is wrong with the arenas
  bool has_failed = false;            ///< some could not be looked at, and not because they are another user's
};

/// Looks at every arena on this host, and registers nowhere.
/// Errors: those of the directory of live segments.
/// Thread safety: may be called from any thread.
Exposition exposition();

}  // namespace arena_shm::tool
