// What living writers may still publish.
#pragma once

#include <cstdint>
#include <vector>

#include "inspect/seats.hpp"

namespace arena_shm::inspect {

/// The numbers [first, end).
struct Run {
  std::uint64_t first;
  std::uint64_t end;
};

/// As one look at the seats found it.
class Claimed {
 public:
  /// `is_lane`: their only seat is that of a lane.
  Claimed(const Seats& seats, bool is_lane);

  bool contains(std::uint64_t seq) const noexcept;
  /// How many of these.
  std::uint64_t count(Run run) const noexcept;
  /// The first of these that is not claimed; run.end if all are.
  std::uint64_t first_outside(Run run) const noexcept;

 private:
  static constexpr std::uint64_t kNoEnd = ~std::uint64_t{0};
  std::vector<Run> runs_;  // by where they begin; each ends where the farthest does that has begun by then
};

}  // namespace arena_shm::inspect
