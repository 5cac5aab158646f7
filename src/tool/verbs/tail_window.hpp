// Which values of an arena tail prints.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "arena_shm/options.hpp"

namespace arena_shm::tool {

/// So many are printed, if nobody says how many, or from where on.
inline constexpr std::uint64_t kDefaultCount = 10;

/// What of it is asked for on the command line.
struct Asked {
  std::optional<std::uint64_t> count;
  bool follow = false;
  std::string from;  ///< for from_of; empty: so that the last `count` come
  std::optional<std::uint64_t> until;
  std::uint64_t every = 1;   ///< of each lane
  bool is_filtered = false;  ///< the last `count` are of those that match
  bool is_saved = false;     ///< of a saved segment: nothing comes any more
};

/// For a span of time: begins with its first value, or, if a number of values is asked for and none is waited for, is
/// cut to the last ones.
void ask_for_span(Asked& asked, bool follows);

/// Of each lane [first, end), and no more than `count` values in all.
struct Window {
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  Position first;
  Position end;
  std::uint64_t count = kNoLimit;
  std::optional<std::uint64_t> newest{};  ///< of those that match, and that are there, only so many
};

/// What is there.
struct Present {
  Position heads;  ///< of each lane the sequence number behind the newest value
  std::uint64_t slots_per_lane;

  Position oldest() const;
  /// The highest sequence number that has been handed out. Requires: there is one.
  std::uint64_t newest() const;
};

/// `begin`: where to, if that was said, or an earlier run ended.
Window window_of(const Asked& asked, const std::optional<Position>& begin, const Present& present);

/// Why there is nothing to print, or not all that was asked for; or nothing.
std::string shortfall_of(const Asked& asked, const Window& window, const Present& present);

/// How far somebody who has come to `here` is behind `end`; or nothing.
std::string lag_text(const Position& here, const Position& end, const Present& present);

}  // namespace arena_shm::tool
