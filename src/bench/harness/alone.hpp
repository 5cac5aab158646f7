// One process, one thread: what an operation costs.
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bench/harness/clock.hpp"
#include "bench/harness/keep.hpp"
#include "bench/harness/rounds.hpp"

namespace arena_shm::bench {

/// Runs the calling thread on one CPU as long as it lives.
class Pinned {
 public:
  explicit Pinned(int cpu);
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned();

 private:
  cpu_set_t before_{};
};

/// For good. Errors: std::system_error.
void pin_to(int cpu);

/// The loop that is timed, in a function of its own: what stands around it shall not take registers from it.
template <class Op>
[[gnu::noinline]] void repeat(Op& op, std::uint64_t first, std::uint64_t length, std::uint64_t step) {
  for (std::uint64_t i = first; i != first + length * step; i += step) op(i);
}

/// Times `op(i)`, i = 0, 1, ..., in bursts of about 50 us, and takes the median of the bursts: an interruption then
/// costs one burst, and what happens within 50 us again and again counts. `between()` runs after each burst, untimed.
/// At most `longest_burst` operations are done in a row. Returns ns per operation; `step` is what i grows by.
template <class Op, class Between>
Slice time_alone(Nanoseconds duration, std::uint64_t longest_burst, std::uint64_t step, Op&& op, Between&& between) {
  const std::uint64_t wanted = to_ticks(std::chrono::microseconds{50});
  const std::uint64_t stop = ticks() + to_ticks(duration);
  std::vector<double> bursts;
  std::uint64_t i = 0;
  std::uint64_t length = std::min<std::uint64_t>(64, longest_burst);
  while (ticks() < stop || bursts.empty()) {
    const std::uint64_t begin = ticks();
    repeat(op, i, length, step);
    const std::uint64_t taken = ticks() - begin;
    i += length * step;
    between();
    if (taken < wanted / 2 && length < longest_burst) {
      length = std::min(2 * length, longest_burst);
      if (ticks() < stop) continue;  // still growing: does not count
    }
    bursts.push_back(to_ns(taken) / static_cast<double>(length * step));
  }
  Slice slice;
  slice.value = spread_of(std::move(bursts)).median;
  return slice;
}

template <class Op>
Slice time_alone(Nanoseconds duration, Op&& op) {
  return time_alone(duration, ~std::uint64_t{0}, 1, op, [] {});
}

}  // namespace arena_shm::bench
