#include "bench/harness/clock.hpp"

#include <thread>

namespace arena_shm::bench {
namespace {

double calibrate() {
  const std::uint64_t ns_begin = monotonic_ns();
  const std::uint64_t ticks_begin = ticks();
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  const std::uint64_t ns = monotonic_ns() - ns_begin;
  return static_cast<double>(ns) / static_cast<double>(ticks() - ticks_begin);
}

}  // namespace

double ns_per_tick() {
  static const double ratio = calibrate();
  return ratio;
}

}  // namespace arena_shm::bench
