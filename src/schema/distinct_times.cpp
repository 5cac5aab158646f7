#include "schema/distinct_times.hpp"

#include <iterator>

namespace arena_shm::schema {

void DistinctTimes::begin_lap() {
  taken_.clear();
  has_forgotten_ = false;
  ++lap_;
}

DistinctTimes::Time DistinctTimes::take(std::int64_t ns) {
  if (has_forgotten_ && ns <= forgotten_to_) begin_lap();
  auto after = taken_.upper_bound(ns);
  if (after != taken_.begin() && std::prev(after)->second >= ns) {
    if (std::prev(after)->second == kLatest) {
      begin_lap();
      after = taken_.end();
    } else {
      ns = std::prev(after)->second + 1;
    }
  }
  const bool touches_before = after != taken_.begin() && std::prev(after)->second == ns - 1;
  const auto run = touches_before ? std::prev(after) : taken_.emplace_hint(after, ns, ns);
  run->second = ns;
  if (after != taken_.end() && after->first == ns + 1) {
    run->second = after->second;
    taken_.erase(after);
  }
  if (taken_.size() > kRemembered) {
    forgotten_to_ = taken_.begin()->second;
    has_forgotten_ = true;
    taken_.erase(taken_.begin());
  }
  return {.ns = ns, .lap = lap_};
}

}  // namespace arena_shm::schema
