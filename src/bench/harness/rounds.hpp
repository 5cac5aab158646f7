// Rounds: every contestant has one slice of time in each, in rotating order, and is compared with others slice by
// slice. A slow minute of the machine then slows both sides of a ratio.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/harness/clock.hpp"
#include "bench/harness/results.hpp"
#include "bench/harness/settings.hpp"

namespace arena_shm::bench {

/// Two placements are alike if a bare cache line takes about as long to travel in both.
inline constexpr double kAlike = 1.25;
bool are_alike(double probe_ns, double other_probe_ns) noexcept;

struct Slice {
  double value = 0;
  std::map<std::string, double> details;
  double probe_ns = 0;     ///< one way of the ping-pong around this slice; 0: not probed
  bool disturbed = false;  ///< others took a CPU away, or the CPUs moved: counts only where there are too few others
  bool empty = false;      ///< nothing was measured, and the value means nothing
};

struct Contestant {
  std::string name;
  std::vector<std::string> against;  ///< contestants of the same group, or kProbe
  std::function<Slice(Nanoseconds)> run;
  std::string unit = "ns";
  std::string remark{};
};

/// Measures until each contestant has settings.rounds undisturbed slices, or has had three times as many; the first
/// round warms up and does not count. Returns a row for each: of its undisturbed slices, or if these are not half of
/// what was asked for, of all.
/// Errors: std::runtime_error, if a signal asked for an end.
std::vector<Row> run_rounds(const std::string& workload, const std::string& group,
                            const std::vector<Contestant>& contestants, const Settings& settings);

}  // namespace arena_shm::bench
