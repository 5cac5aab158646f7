#include "bench/harness/ping_pong.hpp"

#include <algorithm>

#include "arena_shm/core/futex.hpp"

namespace arena_shm::bench {

namespace {

/// The clock's step: the smallest difference between two samples.
std::uint64_t step_of(const std::vector<std::uint64_t>& sorted) {
  std::uint64_t step = ~std::uint64_t{0};
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i] != sorted[i - 1]) step = std::min(step, sorted[i] - sorted[i - 1]);
  }
  return step == ~std::uint64_t{0} ? 1 : step;
}

/// The quantile of grouped data: samples that the clock's step makes equal are spread evenly over that step.
double grouped_quantile(const std::vector<std::uint64_t>& sorted, std::uint64_t step, double fraction) {
  const auto rank = static_cast<std::size_t>(fraction * static_cast<double>(sorted.size() - 1));
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), sorted[rank]);
  const double place = (static_cast<double>(sorted.begin() + static_cast<std::ptrdiff_t>(rank) - first) + 0.5) /
                       static_cast<double>(last - first);
  return static_cast<double>(sorted[rank]) + (place - 0.5) * static_cast<double>(step);
}

}  // namespace

Percentiles Latencies::percentiles(double parts) const {
  if (samples_.empty()) return {};
  std::vector<std::uint64_t> sorted = samples_;
  std::sort(sorted.begin(), sorted.end());
  const std::uint64_t step = step_of(sorted);
  const double scale = ns_per_tick() / parts;
  return {grouped_quantile(sorted, step, 0.5) * scale, grouped_quantile(sorted, step, 0.9) * scale,
          grouped_quantile(sorted, step, 0.99) * scale, grouped_quantile(sorted, step, 0.999) * scale};
}

double Probe::run(std::size_t side) {
  const std::uint64_t end = trips_done_ + kTrips;
  if (side != 0) {
    for (; trips_done_ < end; ++trips_done_) {
      while (lines_.ping.load(std::memory_order_acquire) != trips_done_ + 1) core::cpu_pause();
      lines_.pong.store(trips_done_ + 1, std::memory_order_release);
    }
    return 0;
  }
  latencies_.clear();
  for (std::uint64_t before = ticks(); trips_done_ < end; ++trips_done_) {
    lines_.ping.store(trips_done_ + 1, std::memory_order_release);
    while (lines_.pong.load(std::memory_order_acquire) != trips_done_ + 1) core::cpu_pause();
    const std::uint64_t now = ticks();
    latencies_.add(now - before);
    before = now;
  }
  return latencies_.percentiles(2).p50;
}

}  // namespace arena_shm::bench
