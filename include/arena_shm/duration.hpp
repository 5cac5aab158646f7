// Lengths of time as callers have them: any std::chrono::duration, however long, and of whatever unit and number.
#pragma once

#include <chrono>
#include <limits>
#include <type_traits>

namespace arena_shm {

/// Nanoseconds, made of any duration. std::chrono's own conversion multiplies and overflows: with it, hours::max() is
/// minus one hour, and so no time at all. Here what does not fit becomes the longest time there is, 292 years, or the
/// shortest; what is no number, no time at all. Parts of a nanosecond are dropped.
class Duration : public std::chrono::nanoseconds {
 public:
  /// No time at all.
  constexpr Duration() noexcept : std::chrono::nanoseconds(0) {}

  /// @param time  any duration
  template <class Rep, class Period>
  constexpr Duration(const std::chrono::duration<Rep, Period>& time)  // NOLINT(*-explicit-*)
      : std::chrono::nanoseconds(in_nanoseconds<Rep, Period>(time.count())) {}

 private:
  using Count = std::chrono::nanoseconds::rep;
  __extension__ using Wide = __int128;
  static constexpr Count kMost = std::numeric_limits<Count>::max();
  static constexpr Count kLeast = std::numeric_limits<Count>::min();
  static constexpr Count kPerSecond = 1'000'000'000;

  template <class Rep, class Period>
  static constexpr Count in_nanoseconds(const Rep& count) {
    if constexpr (std::is_integral_v<Rep> && sizeof(Rep) <= sizeof(Count)) {
      // Seconds first, and the rest apart: less than 2^127 each, whatever the period.
      const Wide product = static_cast<Wide>(count) * Period::num;
      const Wide seconds = product / Period::den;
      if (seconds > kMost / kPerSecond) return kMost;
      if (seconds < kLeast / kPerSecond) return kLeast;
      const Wide rest = product % Period::den * kPerSecond / Period::den;
      const Wide all = seconds * kPerSecond + rest;
      return all > kMost ? kMost : all < kLeast ? kLeast : static_cast<Count>(all);
    } else {
      // Multiplied first: what is a whole number of nanoseconds stays one.
      constexpr long double kPerPeriod =
          static_cast<long double>(Period::num) * kPerSecond / static_cast<long double>(Period::den);
      constexpr long double kBeyond = 9223372036854775808.0L;  // 2^63
      const long double all = static_cast<long double>(count) * kPerPeriod;
      if (all >= kBeyond) return kMost;
      if (all <= -kBeyond) return kLeast;
      return all == all ? static_cast<Count>(all) : 0;  // NOLINT(misc-redundant-expression): false for NaN
    }
  }
};

}  // namespace arena_shm
