// What a follower of a name tells of a segment that takes the place of another one.
#pragma once

#include <array>
#include <cstdint>

namespace arena_shm {

/// The name leads to another segment. Sequence numbers begin anew.
struct Restart {
  std::array<std::uint8_t, 16> before{};  ///< the epoch of the segment that was followed, Info::epoch
  std::array<std::uint8_t, 16> now{};     ///< that of the one that is followed from now on
  std::int64_t created_ns = 0;            ///< when that was created: CLOCK_REALTIME, as Info::created_ns
};

}  // namespace arena_shm
