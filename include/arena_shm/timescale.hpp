// What the times of values mean: a straight line from the arena's clock to the time of day.
//
//   auto scale = view.timescale();
//   std::cout << scale.nanoseconds(entry->time);        // since 1970, as CLOCK_REALTIME counts them
//
// It goes through two moments at which both clocks were read: when the arena was created, and now; of a saved segment,
// when it was saved. So the rate of the counter need not be known. The line leads to CLOCK_BOOTTIME, which goes on in
// sleep and is never set; what the time of day was is reckoned from what it is now. So a clock that has been set right
// meanwhile is right for all values.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/info.hpp"

namespace arena_shm {

namespace core {

/// What a header says of its clock.
struct ClockFacts {
  Clock clock = Clock::none;
  std::uint64_t ticks_per_second = 0;
  std::uint64_t time_namespace = 0;
  ClockAnchor created{};
  ClockAnchor saved{};  // 0: there is none
  std::array<std::uint8_t, 16> boot_id{};
};

/// Requires: a validated header.
ClockFacts clock_facts(const Header& header) noexcept;

}  // namespace core

/// Good to a microsecond for what was written a moment ago. For older values, to the part by which CLOCK_BOOTTIME ran
/// faster or slower then than on the whole: 10 ppm or so while a time daemon steers it. Of a segment that was saved by
/// copying its file, and is read after another boot: to 1 in 10 000 of the time since it was created.
///
/// Thread safety: one thread at a time.
class Timescale {
 public:
  /// @private  For ArenaBase::timescale().
  explicit Timescale(const core::ClockFacts& facts);

  /// The time of day of a value. Of two times, the later one never gets an earlier time of day than the
  /// one before, if that was asked for right before; but if the clock was set back meanwhile, by a millisecond or more.
  /// @param time  Entry::time
  /// Returns: nanoseconds since 1970.
  /// Cost: some nanoseconds; each 10 ms of what is asked for, half a microsecond.
  std::int64_t nanoseconds(std::uint64_t time) noexcept;
  /// As nanoseconds().
  std::chrono::sys_time<std::chrono::nanoseconds> system_time(std::uint64_t time) noexcept {
    return std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(nanoseconds(time)));
  }

  /// The other way.
  /// @param nanoseconds  a time of day, in nanoseconds since 1970
  /// Returns: the lowest Entry::time, about, that is not before it.
  std::uint64_t time_of(std::int64_t nanoseconds) noexcept;

 private:
  void look_again() noexcept;
  std::int64_t boottime_of(std::uint64_t time) const noexcept;

  core::ClockFacts facts_;
  bool is_live_;            // the clock of now is the one that the values' times are from
  bool is_whole_ = true;    // it has not begun anew in between
  core::ClockAnchor last_;  // now, when it was saved, or when it was created
  double ns_per_tick_ = 1;
  std::uint64_t asked_ = 0;
  std::int64_t answered_ = 0;
};

}  // namespace arena_shm
