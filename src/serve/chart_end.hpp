// Where a live chart ends: at the newest place that values came to. But a clock slips, and a record can be broken: one
// time far in the future is not the end of the chart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace arena_shm::serve {

/// Thread safety: none. Each lane has its own end, for lanes come one after the other, in long runs; the chart's is the
/// newest of them.
class ChartEnd {
 public:
  /// Apart by more than that is far.
  static constexpr std::int64_t kFarNs = 60'000'000'000;
  /// So many values in a row that are far ahead of the clock, and of all before them, are believed.
  static constexpr std::uint64_t kFewBelieved = 8;
  /// So many in a row that are far behind mean that time has begun anew.
  static constexpr std::uint64_t kManyBehind = 256;

  enum class Verdict : std::uint8_t {
    good,      ///< it belongs to the chart
    doubtful,  ///< far ahead of all: not yet, and if values as before come next, never
    believed,  ///< it belongs to the chart, and so do the doubtful ones before it
    back,      ///< time has begun anew: the chart ends earlier than before
  };

  /// `has_clock`: places are nanoseconds since 1970; else they only grow, and none is doubtful.
  ChartEnd(std::size_t lanes, bool has_clock) : has_clock_(has_clock), lanes_(lanes) {}

  /// Values have come, close to each other; 0: nothing but a loss. `now`: of the clock. Requires: differences of places
  /// have room (RingLayout::kMostPlace).
  Verdict add(std::size_t lane, std::int64_t place, std::uint64_t count, std::int64_t now);
  /// Nothing: no value has come.
  std::optional<std::int64_t> place() const noexcept { return place_; }

 private:
  struct Lane {
    std::optional<std::int64_t> newest{};
    bool is_ahead = false;  // of the clock, far
    std::uint64_t ahead_count = 0;
    std::int64_t ahead_newest = 0;
    std::uint64_t behind_count = 0;
    std::int64_t behind_newest = 0;
  };
  void settle();

  bool has_clock_;
  std::vector<Lane> lanes_;
  std::optional<std::int64_t> place_;
  bool is_ahead_ = false;  // the chart's end is far ahead of the clock: no lane is not
};

}  // namespace arena_shm::serve
