// Which values of an arena tail prints.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace arena_shm::tool {

/// What of it is asked for on the command line.
struct Asked {
  std::optional<std::uint64_t> count;
  bool follow = false;
  std::string from;  ///< for start_of; empty: so that the last `count` come
  std::optional<std::uint64_t> until;
  std::uint64_t every = 1;
  bool is_saved = false;  ///< of a saved segment: nothing comes any more
};

/// [first, end), and no more than `count` values of it.
struct Window {
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t first = 0;
  std::uint64_t end = kNoLimit;
  std::uint64_t count = kNoLimit;
};

/// `cursor`: where an earlier run ended.
Window window_of(const Asked& asked, std::optional<std::uint64_t> cursor, std::uint64_t head, std::uint64_t slots);

/// Why there is nothing to print, or not all that was asked for; or nothing.
std::string shortfall_of(const Asked& asked, const Window& window, std::uint64_t head, std::uint64_t slots);

}  // namespace arena_shm::tool
