#include "arena_shm/core/clock.hpp"

#include <sys/prctl.h>
#include <sys/stat.h>

#include <ctime>
#include <limits>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "core/text_file.hpp"

namespace arena_shm {

std::string_view to_string(Clock clock) noexcept {
  switch (clock) {
    case Clock::none: return "none";
    case Clock::tsc: return "tsc";
    case Clock::virtual_counter: return "virtual_counter";
    case Clock::boottime: return "boottime";
  }
  return "unknown";
}

namespace core {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

std::int64_t nanoseconds_of(clockid_t clock) noexcept {
  struct timespec now {};
  ::clock_gettime(clock, &now);
  return now.tv_sec * kNanosecondsPerSecond + now.tv_nsec;
}

#if defined(__x86_64__)
constexpr Clock kCounter = Clock::tsc;
constexpr std::string_view kCounterSource = "tsc";

bool can_read_counter() noexcept {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned kExtendedFeatures = 0x8000'0001;
  constexpr unsigned kRdtscp = 1U << 27;
  if (__get_cpuid(kExtendedFeatures, &a, &b, &c, &d) == 0 || (d & kRdtscp) == 0) return false;
  int permitted = PR_TSC_ENABLE;  // a kernel that does not know the call does not forbid it
  ::prctl(PR_GET_TSC, &permitted);
  return permitted == PR_TSC_ENABLE;
}
#else
constexpr Clock kCounter = Clock::virtual_counter;
constexpr std::string_view kCounterSource = "arch_sys_counter";

bool can_read_counter() noexcept { return true; }
#endif

bool is_kernels_source(std::string_view name) noexcept {
  try {
    return first_line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource").value_or("") == name;
  } catch (...) {  // no memory
    return false;
  }
}

/// How a counter and CLOCK_BOOTTIME go on, over 2 ms.
std::uint64_t measure_rate(Clock clock) noexcept {
  constexpr std::int64_t kBaseNs = 2'000'000;
  const ClockAnchor begin = take_anchor(clock);
  ClockAnchor end = begin;
  while (end.boottime_ns - begin.boottime_ns < kBaseNs) end = take_anchor(clock);
  const double seconds = static_cast<double>(end.boottime_ns - begin.boottime_ns) / kNanosecondsPerSecond;
  return static_cast<std::uint64_t>(static_cast<double>(end.ticks - begin.ticks) / seconds);
}

}  // namespace

std::uint64_t boottime_ns() noexcept { return static_cast<std::uint64_t>(nanoseconds_of(CLOCK_BOOTTIME)); }

Clock choose_clock() noexcept {
  return can_read_counter() && is_kernels_source(kCounterSource) ? kCounter : Clock::boottime;
}

bool can_read(Clock clock) noexcept { return clock == Clock::boottime || (clock == kCounter && can_read_counter()); }

bool is_kernels_own(Clock clock) noexcept {
  return clock == Clock::boottime || (clock == kCounter && is_kernels_source(kCounterSource));
}

std::uint64_t own_time_namespace() noexcept {
  struct stat status {};
  return ::stat("/proc/self/ns/time", &status) == 0 ? status.st_ino : 0;
}

std::uint64_t ticks_per_second(Clock clock) noexcept {
#if defined(__aarch64__)
  if (clock == Clock::virtual_counter) {
    std::uint64_t frequency;
    asm volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    if (frequency >= kSlowestClock && frequency <= kFastestClock) return frequency;
  }
#endif
  if (clock == Clock::boottime) return kNanosecondsPerSecond;
  static std::atomic<std::uint64_t> measured{0};  // there is one such clock, and one result is as good as another
  if (measured.load(std::memory_order_relaxed) == 0) measured.store(measure_rate(clock), std::memory_order_relaxed);
  return measured.load(std::memory_order_relaxed);
}

ClockAnchor take_anchor(Clock clock) noexcept {
  constexpr int kTries = 5;  // in the middle of one, the thread may be preempted: the narrowest counts
  ClockAnchor best{};
  std::int64_t best_width = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < kTries; ++i) {
    const std::int64_t before = nanoseconds_of(CLOCK_BOOTTIME);
    const std::uint64_t ticks = read_clock(clock);
    const std::int64_t realtime = nanoseconds_of(CLOCK_REALTIME);
    const std::int64_t width = nanoseconds_of(CLOCK_BOOTTIME) - before;
    if (width >= best_width) continue;
    best_width = width;
    best = {.ticks = ticks, .boottime_ns = before + width / 2, .realtime_ns = realtime};
  }
  return best;
}

}  // namespace core
}  // namespace arena_shm
