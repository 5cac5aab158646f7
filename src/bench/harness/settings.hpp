// What is to be measured, and how long.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "bench/harness/clock.hpp"

namespace arena_shm::bench {

/// How much is measured: what the goals need; the usual sizes; all sizes.
enum class Scope { quick, usual, full };

struct Settings {
  Scope scope = Scope::usual;
  std::size_t rounds = 9;
  Nanoseconds slice = std::chrono::milliseconds{20};
  std::vector<int> cpus;  ///< the first is the writer's

  bool at_least(Scope wanted) const noexcept { return scope >= wanted; }
};

}  // namespace arena_shm::bench
