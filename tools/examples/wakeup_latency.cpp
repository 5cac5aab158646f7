// Measures how late this machine wakes a sleeping process, a thousand times a second, and records each measurement.
//
//   wakeup_latency ARENA CPU
//
// It does what cyclictest does: pinned to one CPU, it sleeps until a point in time, looks at the clock, and takes the
// difference. Start one per CPU: all of them write into the same arena. SIGINT or SIGTERM ends it.
#include <sched.h>
#include <sys/prctl.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

#include "arena_shm/arena.hpp"
#include "wakeup.hpp"

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kPeriodNs = kSecondNs / 1000;

volatile std::sig_atomic_t stop = 0;

std::int64_t now_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecondNs + now.tv_nsec;
}

/// Returns false if a signal came first.
bool sleep_until(std::int64_t wake_ns) {
  const timespec wake{.tv_sec = wake_ns / kSecondNs, .tv_nsec = wake_ns % kSecondNs};
  return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nullptr) == 0;
}

void pin_to(std::uint32_t cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot run on CPU " + std::to_string(cpu));
  }
}

void measure(const char* name, std::uint32_t cpu) {
  pin_to(cpu);
  prctl(PR_SET_TIMERSLACK, 1);  // else the kernel may be 50 us late on purpose, to save wake-ups

  auto arena = arena_shm::Arena<Wakeup>::open_or_create(name, {.slots = kWakeupSlots});
  auto writer = arena.writer();

  std::uint64_t written = 0;
  std::int64_t wake_ns = now_ns(CLOCK_MONOTONIC);
  while (stop == 0) {
    wake_ns += kPeriodNs;
    if (!sleep_until(wake_ns)) continue;
    const std::int64_t late_ns = now_ns(CLOCK_MONOTONIC) - wake_ns;
    writer.alloc({.ts_ns = static_cast<std::uint64_t>(now_ns(CLOCK_REALTIME)),
                  .cpu = cpu,
                  .late_ns = static_cast<std::uint32_t>(late_ns)});
    ++written;
    wake_ns += late_ns / kPeriodNs * kPeriodNs;  // periods slept through are not made up for
  }
  std::printf("wakeup_latency: CPU %u, wrote %lu values\n", cpu, written);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) throw std::invalid_argument("usage: wakeup_latency ARENA CPU");
  std::signal(SIGINT, [](int) { stop = 1; });
  std::signal(SIGTERM, [](int) { stop = 1; });
  measure(argv[1], static_cast<std::uint32_t>(std::stoul(argv[2])));
} catch (const std::exception& error) {
  std::fprintf(stderr, "wakeup_latency: %s\n", error.what());
  return 1;
}
