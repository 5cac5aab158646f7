// Points in time, as text and back.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace arena_shm::text {

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/// "2026-01-31T12:34:56.789012345Z", of any number: years beyond 9999 have more digits, those before 0 a minus sign.
/// Requires: units_per_second is a power of ten up to 10^9.
std::string time_text(std::int64_t since_1970, std::int64_t units_per_second);
std::string time_text(std::uint64_t since_1970, std::int64_t units_per_second);
enum class TimeReading { ok, no_time, out_of_range, inexact };

/// Reads what time_text prints, and other forms of ISO 8601: a space or t between date and time, a date alone, no
/// seconds, any number of digits of them, an offset like +02:00, +0200 or +02; without any it is UTC.
/// Returns: `inexact` if units of that size would round it. Requires: as time_text.
TimeReading read_time(std::string_view text, std::int64_t units_per_second, std::int64_t& since_1970) noexcept;
TimeReading read_time(std::string_view text, std::int64_t units_per_second, std::uint64_t& since_1970) noexcept;

/// Of "s", "ms", "us", "ns" and "" (ns); of other units nothing.
std::optional<std::int64_t> units_per_second(std::string_view unit) noexcept;

/// "2026-01-31T12:34:56.789Z", from CLOCK_REALTIME.
std::string utc_time(std::int64_t realtime_ns);
/// As much of it as fits: what a segment says of times may be anything.
std::chrono::nanoseconds time_between(std::int64_t from_ns, std::int64_t to_ns) noexcept;

/// So long after a time, or before it if the span is negative; the latest or earliest time there is where it would be
/// beyond that.
std::int64_t time_after(std::int64_t ns, std::chrono::nanoseconds span) noexcept;
/// CLOCK_REALTIME
std::int64_t realtime_ns();

}  // namespace arena_shm::text
