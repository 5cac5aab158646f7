#include "recording/lanes.hpp"

#include <algorithm>
#include <utility>

namespace arena_shm::recording {

Position first_from(std::uint64_t seq, std::size_t lanes) {
  seq = std::min(seq, std::numeric_limits<std::uint64_t>::max() - (lanes - 1));  // what is rounded up has room
  std::vector<std::uint64_t> next(lanes);
  for (std::size_t k = 0; k < lanes; ++k) next[k] = seq > k ? ((seq - k - 1) / lanes + 1) * lanes + k : k;
  return Position(std::move(next));
}

Position place_of(From from, const Position& heads, std::uint64_t slots_per_lane) {
  const std::size_t lanes = heads.next().size();
  if (from.is_seq()) return first_from(from.cursor(0, 0), lanes);
  std::vector<std::uint64_t> next = heads.next();
  for (std::size_t k = 0; k < lanes; ++k) next[k] = from.cursor(next[k] / lanes, slots_per_lane) * lanes + k;
  return Position(std::move(next));
}

Position lower_of(const Position& a, const Position& b) {
  std::vector<std::uint64_t> lower = a.next();
  for (std::size_t k = 0; k < lower.size(); ++k) lower[k] = std::min(lower[k], b.next()[k]);
  return Position(std::move(lower));
}

std::uint64_t count_between(const Position& first, const Position& end) {
  const std::size_t lanes = first.next().size();
  std::uint64_t count = 0;
  for (std::size_t k = 0; k < lanes; ++k) count += (end.next()[k] - std::min(first.next()[k], end.next()[k])) / lanes;
  return count;
}

LaneProgress::LaneProgress(const Position& first) : unfinished_(first.next().size()) {
  lanes_.reserve(first.next().size());
  for (const std::uint64_t next : first.next()) lanes_.push_back({.next = next});
}

void LaneProgress::end_at(const Position& end) {
  unfinished_ = 0;
  for (std::size_t k = 0; k < lanes_.size(); ++k) {
    lanes_[k].end = std::min(lanes_[k].end, end.next()[k]);
    if (!lanes_[k].is_finished()) ++unfinished_;
  }
}

bool LaneProgress::take(std::uint64_t seq) {
  Lane& lane = lanes_[lane_of(seq)];
  if (seq >= lane.end || seq < lane.next) return false;
  lane.has_begun = true;
  go_on(lane, seq + lanes_.size());
  return true;
}

std::optional<Gap> LaneProgress::lose(Gap gap) {
  Lane& lane = lanes_[lane_of(gap.first)];
  if (gap.first >= lane.end) return std::nullopt;
  gap.last = std::min(gap.last, lane.end - lanes_.size());
  go_on(lane, gap.last + lanes_.size());
  return gap;
}

std::vector<Gap> LaneProgress::unfinished() const {
  std::vector<Gap> gaps;
  for (const Lane& lane : lanes_) {
    if (lane.is_finished()) continue;
    gaps.push_back(
        {.first = lane.next, .last = lane.end - lanes_.size(), .cause = Loss::passed_over, .step = lanes_.size()});
  }
  return gaps;
}

void LaneProgress::go_on(Lane& lane, std::uint64_t next) {
  if (next <= lane.next) return;  // it came late
  lane.next = next;
  if (lane.is_finished()) --unfinished_;
}

Position LaneProgress::next() const {
  std::vector<std::uint64_t> next;
  next.reserve(lanes_.size());
  for (const Lane& lane : lanes_) next.push_back(lane.next);
  return Position(std::move(next));
}

Position LaneProgress::end() const {
  std::vector<std::uint64_t> end;
  end.reserve(lanes_.size());
  for (const Lane& lane : lanes_) end.push_back(lane.end);
  return Position(std::move(end));
}

}  // namespace arena_shm::recording
