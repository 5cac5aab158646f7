// All arenas in Prometheus's text exposition format, 0.0.4.
#pragma once

#include <string>
#include <vector>

namespace arena_shm::tool {

inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

/// Looks at every arena on this host, and registers nowhere. What is wrong with them is added to `problems`, if given.
/// Thread safety: may be called from any thread.
std::string exposition(std::vector<std::string>* problems = nullptr);

}  // namespace arena_shm::tool
