#include "serve/chart_end.hpp"

#include <algorithm>

namespace arena_shm::serve {

ChartEnd::Verdict ChartEnd::add(std::size_t lane, std::int64_t place, std::uint64_t count, std::int64_t now) {
  Lane& one = lanes_[lane];
  const std::optional<std::int64_t> before = one.newest ? one.newest : place_;
  const bool is_ahead = has_clock_ && place - kFarNs > now;
  Verdict verdict = Verdict::good;
  if (is_ahead && before && place - kFarNs > *before) {
    one.ahead_newest = one.ahead_count == 0 ? place : std::max(one.ahead_newest, place);
    one.ahead_count += count;
    if (one.ahead_count < kFewBelieved) return Verdict::doubtful;
    place = one.ahead_newest;
    verdict = Verdict::believed;
  }
  if (count > 0) one.ahead_count = 0;  // a loss says nothing of the doubtful ones
  const bool was_ahead = one.is_ahead;
  const bool is_behind = has_clock_ && one.newest && place + kFarNs < *one.newest;
  if (is_behind) {
    one.behind_newest = one.behind_count == 0 ? place : std::max(one.behind_newest, place);
    one.behind_count += count;
    // What was ahead of the clock gives way sooner.
    if (one.behind_count < (was_ahead && !is_ahead ? kFewBelieved : kManyBehind)) return verdict;
    place = one.behind_newest;
  }
  one.behind_count = 0;
  if (is_behind || !one.newest || place > *one.newest) {
    one.newest = place;
    one.is_ahead = is_ahead;
  }
  if (!is_behind && !was_ahead && !one.is_ahead && !is_ahead_) {
    place_ = place_ ? std::max(*place_, *one.newest) : *one.newest;
    return verdict;
  }
  const auto end = place_;
  settle();
  return end && *place_ < *end ? Verdict::back : verdict;
}

// Of lanes that are far ahead of the clock, the end is only if there are no others.
void ChartEnd::settle() {
  place_.reset();
  for (const Lane& one : lanes_) {
    if (!one.newest) continue;
    const bool is_better = !place_ || (one.is_ahead == is_ahead_ ? *one.newest > *place_ : is_ahead_);
    if (!is_better) continue;
    place_ = one.newest;
    is_ahead_ = one.is_ahead;
  }
}

}  // namespace arena_shm::serve
