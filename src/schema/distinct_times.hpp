// A time of its own for each point of a series: of two with the same time a database keeps one, and says nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace arena_shm::schema {

/// Thread safety: none.
class DistinctTimes {
 public:
  static constexpr std::int64_t kLatest =
      9'223'372'036'854'775'806;                     ///< of the line protocol; the earliest is -kLatest
  static constexpr std::size_t kRemembered = 65536;  ///< times, or runs of times without a gap

  struct Time {
    std::int64_t ns = 0;
    std::uint64_t lap = 0;
    friend bool operator==(const Time&, const Time&) = default;
  };

  /// The time, or the next nanosecond that is free. A time that is older than all that are remembered begins a new lap,
  /// in which every time is free. No two answers are the same. Requires: -kLatest <= ns <= kLatest.
  Time take(std::int64_t ns);

 private:
  void begin_lap();

  std::map<std::int64_t, std::int64_t> taken_;  // first to last, with a gap between any two
  std::int64_t forgotten_to_ = 0;               // if has_forgotten_
  bool has_forgotten_ = false;
  std::uint64_t lap_ = 0;
};

}  // namespace arena_shm::schema
