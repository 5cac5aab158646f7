#include "arena_shm/timescale.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/header.hpp"

namespace arena_shm {
namespace {

constexpr double kSecondAsDouble = 1e9;
constexpr std::int64_t kBetweenLooksNs = 10'000'000;
/// Over less, the rate of the header is better than what two looks at the clocks tell.
constexpr std::int64_t kLeastBaseNs = 1'000'000'000;
/// A counter that differs by more has begun anew in between, or has stood still: after suspend to RAM.
constexpr double kMostDeviation = 1e-3;

/// By so much a later time may come out earlier, because the line bends from look to look. By more: the time of day was
/// set back, or the later time is from before the counter began anew.
constexpr std::int64_t kMostBendNs = 1'000'000;

/// a - b, of counters that may lie either way.
double distance(std::uint64_t a, std::uint64_t b) noexcept {
  return static_cast<double>(static_cast<std::int64_t>(a - b));
}

std::int64_t rounded(double value) noexcept {
  constexpr double kLimit = 9.2e18;
  return static_cast<std::int64_t>(std::llround(std::clamp(value, -kLimit, kLimit)));
}

/// A wild header must not overflow.
std::int64_t add(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}
std::int64_t subtract(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

bool is_readable_here(const core::ClockFacts& facts) noexcept {
  if (facts.boot_id != core::boot_id() || !core::can_read(facts.clock)) return false;
  return facts.clock != Clock::boottime || core::own_time_namespace() == facts.time_namespace;
}

}  // namespace

core::ClockFacts core::clock_facts(const Header& header) noexcept {
  return {.clock = static_cast<Clock>(header.clock),
          .ticks_per_second = header.ticks_per_second,
          .time_namespace = header.time_namespace,
          .created = header.created,
          .saved = header.saved,
          .boot_id = header.boot_id};
}

Timescale::Timescale(const core::ClockFacts& facts)
    : facts_(facts),
      is_live_(is_readable_here(facts)),
      last_(facts.saved == core::ClockAnchor{} ? facts.created : facts.saved) {
  // CLOCK_BOOTTIME is another one in another time namespace: only the counter is common.
  if (is_live_ && core::own_time_namespace() != facts.time_namespace) facts_.created = core::take_anchor(facts.clock);
  look_again();
}

void Timescale::look_again() noexcept {
  if (is_live_) last_ = core::take_anchor(facts_.clock);
  const double nominal = kSecondAsDouble / static_cast<double>(facts_.ticks_per_second);
  const double ticks = distance(last_.ticks, facts_.created.ticks);
  const std::int64_t ns = subtract(last_.boottime_ns, facts_.created.boottime_ns);
  ns_per_tick_ = nominal;
  is_whole_ = ns < kLeastBaseNs / 100 || std::abs(ticks * nominal / static_cast<double>(ns) - 1) < kMostDeviation;
  if (is_whole_ && ns >= kLeastBaseNs) ns_per_tick_ = static_cast<double>(ns) / ticks;
}

std::int64_t Timescale::boottime_of(std::uint64_t time) const noexcept {
  // What is beyond the counter of now is from before it began anew.
  const bool from_before = !is_whole_ && distance(time, last_.ticks) > 0;
  const core::ClockAnchor& anchor = from_before ? facts_.created : last_;
  return add(anchor.boottime_ns, rounded(distance(time, anchor.ticks) * ns_per_tick_));
}

std::int64_t Timescale::nanoseconds(std::uint64_t time) noexcept {
  // A time that lies ahead is of a value that has come since the last look.
  if (is_live_ && distance(time, last_.ticks) * ns_per_tick_ > kBetweenLooksNs) look_again();
  std::int64_t result = add(boottime_of(time), subtract(last_.realtime_ns, last_.boottime_ns));
  if (time >= asked_ && asked_ != 0 && subtract(answered_, result) < kMostBendNs) result = std::max(result, answered_);
  asked_ = time;
  answered_ = result;
  return result;
}

std::uint64_t Timescale::time_of(std::int64_t nanoseconds) noexcept {
  if (is_live_) look_again();
  const std::int64_t boottime = subtract(nanoseconds, subtract(last_.realtime_ns, last_.boottime_ns));
  const double ticks = static_cast<double>(subtract(boottime, last_.boottime_ns)) / ns_per_tick_;
  const double time = static_cast<double>(last_.ticks) + ticks;
  constexpr double kEnd = 0x1p64;
  if (time <= 0) return 0;
  if (time >= kEnd) return std::numeric_limits<std::uint64_t>::max();
  return last_.ticks + static_cast<std::uint64_t>(rounded(ticks));
}

}  // namespace arena_shm
