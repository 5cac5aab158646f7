// One cache line there, one back: what a latency is compared with, and the probe that tells how two CPUs are placed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/harness/clock.hpp"

namespace arena_shm::bench {

/// A line for each way, as each way has a ring of its own. Apart by two lines, for processors that fetch lines in
/// pairs. Who waits pauses: on the processors tried, that is what makes the lines travel fastest.
struct PingPongLines {
  alignas(128) std::atomic<std::uint64_t> ping{0};
  alignas(128) std::atomic<std::uint64_t> pong{0};
};

/// Of a latency, in ns.
struct Percentiles {
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double p999 = 0;
};

/// Collects times in ticks. What does not fit any more is left out.
class Latencies {
 public:
  explicit Latencies(std::size_t most = std::size_t{1} << 18) { samples_.reserve(most); }

  void clear() noexcept { samples_.clear(); }
  void add(std::uint64_t tick_count) noexcept {
    if (samples_.size() < samples_.capacity()) samples_.push_back(tick_count);
  }
  std::size_t size() const noexcept { return samples_.size(); }
  /// In ns, divided by `parts`. Zeros if there are none.
  Percentiles percentiles(double parts = 1) const;

 private:
  std::vector<std::uint64_t> samples_;
};

/// One side of the probe; both sides call it as often. The pinging side (0) gets the one-way time in ns, the other 0.
class Probe {
 public:
  explicit Probe(PingPongLines& lines) : lines_(lines) {}
  double run(std::size_t side);

 private:
  static constexpr std::uint64_t kTrips = 2000;

  PingPongLines& lines_;
  std::uint64_t trips_done_ = 0;
  Latencies latencies_{kTrips};
};

}  // namespace arena_shm::bench
