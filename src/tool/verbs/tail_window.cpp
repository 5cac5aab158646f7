#include "tool/verbs/tail_window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "arena_shm/core/stamp.hpp"
#include "recording/lanes.hpp"
#include "text/quantities.hpp"

namespace arena_shm::tool {

namespace {

using recording::count_between;
using recording::lower_of;
using Numbers = std::vector<std::uint64_t>;

// Of each lane so many that they are `count` in all, if there are, and no lane has more for another one's having few.
Numbers shares_of(std::uint64_t count, const Numbers& there) {
  std::vector<std::size_t> by_count(there.size());
  std::iota(by_count.begin(), by_count.end(), std::size_t{0});
  std::ranges::stable_sort(by_count, {}, [&](std::size_t k) { return there[k]; });
  Numbers shares(there.size());
  for (std::size_t i = 0; i < by_count.size(); ++i) {
    const std::size_t k = by_count[i];
    shares[k] = std::min(there[k], count / (by_count.size() - i));
    count -= shares[k];
  }
  return shares;
}

std::uint64_t multiples_below(std::uint64_t end, std::uint64_t every) { return end == 0 ? 0 : (end - 1) / every + 1; }

// The last `count` in front of `end` whose numbers in their lanes are multiples of `every`.
Position start_of_last(std::uint64_t count, const Position& end, std::uint64_t every, const Position& oldest) {
  const std::size_t lanes = end.next().size();
  Numbers there(lanes);
  for (std::size_t k = 0; k < lanes; ++k) {
    const std::uint64_t before = multiples_below(oldest.next()[k] / lanes, every);
    there[k] = std::max(multiples_below(end.next()[k] / lanes, every), before) - before;
  }
  const Numbers shares = shares_of(count, there);
  Numbers first = count == 0 ? end.next() : oldest.next();
  for (std::size_t k = 0; k < lanes; ++k) {
    if (shares[k] == there[k]) continue;
    const std::uint64_t number = (multiples_below(end.next()[k] / lanes, every) - shares[k]) * every;
    first[k] = shares[k] == 0 ? end.next()[k] : number * lanes + k;
  }
  return Position(std::move(first));
}

std::uint64_t lowest(const Position& position) { return std::ranges::min(position.next()); }

// The lowest one of the lanes that have any.
std::uint64_t oldest_value(const Present& present) {
  std::uint64_t oldest = Window::kNoLimit;
  const Numbers firsts = present.oldest().next();
  for (std::size_t k = 0; k < firsts.size(); ++k) {
    if (firsts[k] < present.heads.next()[k]) oldest = std::min(oldest, firsts[k]);
  }
  return oldest;
}

Position end_of(const Asked& asked, const Present& present) {
  const std::size_t lanes = present.heads.next().size();
  Position end = asked.follow ? Position(Numbers(lanes, recording::LaneProgress::kNoEnd)) : present.heads;
  if (!asked.until) return end;
  return lower_of(end, recording::first_from(std::min(*asked.until, core::kSeqLimit - 1) + 1, lanes));
}

}  // namespace

Position Present::oldest() const { return recording::place_of(From::oldest, heads, slots_per_lane); }

std::uint64_t Present::newest() const {
  const std::size_t lanes = heads.next().size();
  std::uint64_t newest = 0;
  for (const std::uint64_t head : heads.next()) newest = std::max(newest, head - std::min<std::uint64_t>(head, lanes));
  return newest;
}

void ask_for_span(Asked& asked, bool follows) {
  if (!asked.from.empty()) return;
  if (asked.count && !follows)
    asked.is_filtered = true;
  else
    asked.from = "oldest";
}

Window window_of(const Asked& asked, const std::optional<Position>& begin, const Present& present) {
  const Position end = end_of(asked, present);
  if (begin) return {.first = *begin, .end = end, .count = asked.count.value_or(Window::kNoLimit)};
  if (asked.is_filtered) return {.first = present.oldest(), .end = end, .newest = asked.count.value_or(kDefaultCount)};
  // As tail(1) does it: the last so many, and then all that comes.
  return {.first = start_of_last(asked.count.value_or(kDefaultCount), lower_of(end, present.heads), asked.every,
                                 present.oldest()),
          .end = end};
}

std::string shortfall_of(const Asked& asked, const Window& window, const Present& present) {
  if (asked.count == 0 || asked.from == "newest") return "";
  const std::string waits = asked.follow ? "waiting for values" : "use -f to wait for values";
  const auto not_there = [&](std::uint64_t seq) {
    const std::string why =
        asked.is_saved ? "had not been written when the segment was saved" : "has not been written yet; " + waits;
    return fmt::format("the newest value is {}; value {} {}", present.newest(), seq, why);
  };
  const Position zero = recording::first_from(0, present.heads.next().size());
  const bool is_empty = count_between(zero, present.heads) == 0;
  if (is_empty && asked.is_saved) return "the segment holds no values";
  if (is_empty) return asked.follow ? "" : "the arena holds no values yet; " + waits;
  if (!asked.from.empty() && count_between(window.first, present.heads) == 0) return not_there(lowest(window.first));
  if (!asked.until) return "";
  if (*asked.until > present.newest())
    return asked.follow || *asked.until == Window::kNoLimit ? "" : not_there(*asked.until);
  const Position end = lower_of(window.end, present.heads);
  if (count_between(window.first, end) > 0) return "";
  if (count_between(present.oldest(), end) == 0 && count_between(zero, end) > 0) {
    return fmt::format("the oldest value is {}; the values up to {} have been overwritten", oldest_value(present),
                       *asked.until);
  }
  return fmt::format("there are no values from {} to {}", lowest(window.first), *asked.until);
}

std::string lag_text(const Position& here, const Position& end, const Present& present) {
  const std::uint64_t behind = count_between(here, end);
  if (behind == 0) return "";
  std::string text = fmt::format("; stopped {} behind the head", text::counted(behind, "value"));
  const std::uint64_t gone = count_between(here, lower_of(present.oldest(), end));
  if (gone > 0) text += fmt::format(", {} of them already overwritten", gone);
  return text;
}

}  // namespace arena_shm::tool
