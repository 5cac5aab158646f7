// The times of values, as far as they can be told from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "inspect/facts.hpp"
#include "inspect/heads.hpp"
#include "inspect/image.hpp"

namespace arena_shm::inspect {

/// Do its values have times? Requires, as those that follow: a usable header.
constexpr bool is_timed(const core::Header& header) noexcept { return header.clock != 0; }

/// Is the clock of now the one that the values' times are from? Else what it says has nothing to do with them.
bool is_clock_readable(const core::Header& header) noexcept;

/// What the kernel keeps time with, like "tsc"; nothing if it does not tell.
std::optional<std::string> kernels_clock();

/// When the newest values were appended.
struct NewestTimes {
  /// In nanoseconds since 1970, of each lane; nothing of a lane in which no value can be read. Empty without times.
  std::vector<std::optional<std::int64_t>> of_lanes;

  std::optional<std::int64_t> of_lane(std::size_t lane) const noexcept {
    return lane < of_lanes.size() ? of_lanes[lane] : std::nullopt;
  }
  /// Of all lanes.
  std::optional<std::int64_t> latest() const noexcept;
};

/// In ticks of the arena's clock, of the value that has this number in its lane; nothing if that is not to be had.
/// Requires: the header of a lane (core::lane_header) of an arena with times.
std::optional<std::uint64_t> read_time(const Image& image, const core::Header& lane, std::uint64_t number);

/// Looks at a bounded number of slots. Requires: a usable header of this image, heads of this header.
/// Cost: some system calls for each lane that was used.
NewestTimes read_newest_times(const Image& image, const core::Header& header, const Heads& heads);

/// How long ago that was; nothing if it is yet to come, by more than clocks may differ.
std::optional<std::int64_t> age_ns(std::optional<std::int64_t> time_ns) noexcept;

/// The age of the newest value: by the schema's time field; where it names none, by when the value was appended.
/// Nothing if there is neither, or if the field does not hold the system's time.
/// Requires: facts of this image; heads and times of its header.
std::optional<std::int64_t> newest_age_ns(const Image& image, const Facts& facts, const Heads& heads,
                                          const NewestTimes& times);

}  // namespace arena_shm::inspect
