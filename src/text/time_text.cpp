#include "text/time_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <limits>
#include <utility>

namespace arena_shm::text {

namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

// Quotient and remainder, rounded down. Nothing in here overflows, whatever `value` is.
template <class T>
std::pair<T, std::int64_t> divide(T value, std::int64_t divisor) {
  const T unit = static_cast<T>(divisor);
  const T quotient = value / unit;
  const auto rest = static_cast<std::int64_t>(value % unit);
  return rest < 0 ? std::pair<T, std::int64_t>(quotient - 1, rest + divisor) : std::pair(quotient, rest);
}

template <class T>
std::string text_of_time(T since_1970, std::int64_t units_per_second) {
  constexpr std::int64_t kYearsOfCycle = 400;  // after which the Gregorian calendar repeats itself, weekdays included
  constexpr std::int64_t kSecondsOfCycle = 146'097 * std::int64_t{86'400};
  const auto [seconds, part] = divide(since_1970, units_per_second);
  const auto [cycles, left] = divide(seconds, kSecondsOfCycle);  // gmtime_r has an int for the years
  const std::time_t in_cycle = left;
  std::tm time{};
  ::gmtime_r(&in_cycle, &time);
  const std::int64_t year = 1900 + time.tm_year + kYearsOfCycle * static_cast<std::int64_t>(cycles);
  std::string text = fmt::format("{}{:04}-{:%m-%dT%H:%M:%S}", year < 0 ? "-" : "", year < 0 ? -year : year, time);
  int digits = 0;
  for (std::int64_t unit = units_per_second; unit > 1; unit /= 10) ++digits;
  if (digits > 0) text += fmt::format(".{:0{}}", part, digits);
  return text + 'Z';
}

}  // namespace

std::optional<std::int64_t> units_per_second(std::string_view unit) noexcept {
  if (unit.empty() || unit == "ns") return kNanosecondsPerSecond;
  if (unit == "us") return 1'000'000;
  if (unit == "ms") return 1'000;
  if (unit == "s") return 1;
  return std::nullopt;
}

std::string time_text(std::int64_t since_1970, std::int64_t units_per_second) {
  return text_of_time(since_1970, units_per_second);
}

std::string time_text(std::uint64_t since_1970, std::int64_t units_per_second) {
  return text_of_time(since_1970, units_per_second);
}

std::string utc_time(std::int64_t realtime_ns) {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  const std::int64_t ms = realtime_ns / kNsPerMs - (realtime_ns % kNsPerMs < 0 ? 1 : 0);  // rounded down
  return time_text(ms, 1000);
}

std::chrono::nanoseconds time_between(std::int64_t from_ns, std::int64_t to_ns) noexcept {
  std::int64_t count = 0;
  if (!__builtin_sub_overflow(to_ns, from_ns, &count)) return std::chrono::nanoseconds(count);
  return from_ns < 0 ? std::chrono::nanoseconds::max() : std::chrono::nanoseconds::min();
}

std::int64_t time_after(std::int64_t ns, std::chrono::nanoseconds span) noexcept {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(ns, span.count(), &sum)) return sum;
  return ns < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

std::int64_t realtime_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace arena_shm::text
