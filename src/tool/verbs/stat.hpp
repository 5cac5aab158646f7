// What `stat` does, for `top` too where there is no terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

struct StatOptions {
  std::vector<std::string> names;  ///< none: all arenas
  std::optional<double> interval_seconds;
  std::optional<std::uint64_t> count;
  std::string format = "table";
  bool quote_int64 = false;            ///< in JSON
  bool waits = false;                  ///< for those that are not there yet
  std::optional<std::string> where{};  ///< how many values a second match it
};

/// Errors: Error, OutputClosed.
terminal::ExitCode print_stat(const StatOptions& options);

}  // namespace arena_shm::tool
