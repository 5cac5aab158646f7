// Follows the arena that wakeup_latency processes write into: a line every second, a histogram at the end.
//
//   latency_histogram ARENA
//
// It only reads: a writer neither knows of it nor waits for it. What it was too slow for is counted, with the reason.
// SIGINT or SIGTERM ends it.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "arena_shm/arena.hpp"
#include "wakeup.hpp"

namespace {

using namespace std::chrono_literals;
constexpr std::uint32_t kLimitUs = 16384;
volatile std::sig_atomic_t stop = 0;

/// Counts of latencies by the microsecond; those of kLimitUs or more are counted together.
struct Histogram {
  std::array<std::uint64_t, kLimitUs + 1> counts{};
  std::uint64_t total = 0;
  std::uint32_t max_us = 0;

  void add(std::uint32_t late_us) {
    ++counts[std::min(late_us, kLimitUs)];
    ++total;
    max_us = std::max(max_us, late_us);
  }
  /// How many lie in [first_us, last_us).
  std::uint64_t count(std::uint32_t first_us, std::uint32_t last_us) const {
    std::uint64_t sum = 0;
    for (std::uint32_t us = first_us; us < std::min(last_us, kLimitUs + 1); ++us) sum += counts[us];
    return sum;
  }
  /// The latency that `percent` of the values do not exceed.
  std::uint32_t percentile_us(std::uint64_t percent) const {
    std::uint32_t us = 0;
    for (std::uint64_t sum = counts[0]; us < kLimitUs && sum * 100 < total * percent; sum += counts[us]) ++us;
    return us;
  }
};

void print_summary(const Histogram& latency) {
  std::printf("%7lu values: p50 %4u us, p99 %4u us, max %5u us", latency.total, latency.percentile_us(50),
              latency.percentile_us(99), latency.max_us);
}

void print_bars(const Histogram& latency) {
  std::printf("\n  late by, us        values\n");
  for (std::uint32_t first = 0, last = 1; first <= std::min(latency.max_us, kLimitUs); first = last, last *= 2) {
    if (latency.count(0, last) == 0) continue;
    const std::uint64_t count = latency.count(first, last);
    const std::string to = first < kLimitUs ? "to < " + std::to_string(last) : "or more";
    const std::string bar(60 * count / latency.total, '#');
    std::printf("  %5u %-10s %10lu  %s\n", first, to.c_str(), count, bar.c_str());
  }
}

void follow(const char* name) {
  auto view = arena_shm::ArenaView<Wakeup>::open(name);
  auto reader = view.reader(arena_shm::From::oldest);
  reader.on_gap([](const arena_shm::Gap& gap) {
    std::printf("          lost %lu values: %s\n", gap.count(), std::string(to_string(gap.cause)).c_str());
  });

  Histogram all;
  Histogram recent;
  std::map<std::uint32_t, Histogram> by_cpu;
  std::map<std::uint32_t, std::uint64_t> recent_by_cpu;
  auto report_at = std::chrono::steady_clock::now() + 1s;
  while (stop == 0) {
    reader.wait_for(100ms);
    while (const auto entry = reader.next()) {
      const std::uint32_t late_us = entry->value.late_ns / 1000;
      all.add(late_us);
      recent.add(late_us);
      by_cpu[entry->value.cpu].add(late_us);
      ++recent_by_cpu[entry->value.cpu];
    }
    if (std::chrono::steady_clock::now() < report_at) continue;
    report_at = std::chrono::steady_clock::now() + 1s;
    print_summary(recent);
    recent = {};
    for (auto& [cpu, count] : recent_by_cpu) std::printf("  cpu%u %lu", cpu, std::exchange(count, 0));
    std::printf("\n");
    std::fflush(stdout);
  }

  if (all.total > 0) print_bars(all);
  for (const auto& [cpu, latency] : by_cpu) {
    std::printf("\n  cpu%-3u", cpu);
    print_summary(latency);
  }
  std::printf("\n\n  written %lu: read %lu, overwritten %lu, holes %lu, passed over %lu, still to read %lu\n",
              view.head(), reader.read_count(), reader.overwritten_count(), reader.hole_count(),
              reader.passed_over_count(), view.head() - reader.cursor());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::invalid_argument("usage: latency_histogram ARENA");
  std::signal(SIGINT, [](int) { stop = 1; });
  std::signal(SIGTERM, [](int) { stop = 1; });
  follow(argv[1]);
} catch (const std::exception& error) {
  std::fprintf(stderr, "latency_histogram: %s\n", error.what());
  return 1;
}
