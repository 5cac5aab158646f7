// Writing to what may be a pipe that nobody empties.
#pragma once

#include <cstddef>
#include <string_view>

namespace arena_shm::core {

struct PatientWrite {
  std::size_t bytes = 0;  ///< so many of them are out
  int error = 0;          ///< errno, if it failed; else 0. Neither error nor all bytes: a stop was requested first
};

/// Writes the whole text; waits for room in a pipe, but not once a stop is requested (stop_request.hpp): then it takes
/// what there is room for soon. What goes into a pipe is cut at line ends, where lines are short enough for that.
PatientWrite write_patiently(int fd, std::string_view text) noexcept;

}  // namespace arena_shm::core
