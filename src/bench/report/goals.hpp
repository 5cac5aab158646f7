// What the project has set itself, beside what was measured. For reading only: a goal that is missed is no failure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/harness/results.hpp"

namespace arena_shm::bench {

/// A limit is of a ratio; there are two stages, the first release (issue 2) and the ambition (issue 5).
struct Goal {
  std::string workload;
  std::string group;
  std::string name;
  std::string against;
  std::optional<double> first;
  std::optional<double> ambition;
  bool at_least = false;  ///< else at most
};

struct Outcome {
  Goal goal;
  Spread ratio;            ///< count == 0: of what was measured, nothing counts
  bool disturbed = false;  ///< as Ratio::disturbed

  /// "met", "not met", "not measured", or "" where there is no limit.
  std::string verdict(const std::optional<double>& limit) const;
};

/// Of the goals whose contestants were measured.
std::vector<Outcome> compare_with_goals(const std::vector<Row>& rows);

}  // namespace arena_shm::bench
