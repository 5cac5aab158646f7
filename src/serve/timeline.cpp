#include "serve/timeline.hpp"

#include <algorithm>
#include <utility>

namespace arena_shm::serve {

Timeline::Timeline(std::int64_t finest, std::size_t levels) : finest_(finest), levels_(levels) {
  for (Level& level : levels_) level.columns.resize(kColumns);
}

std::size_t Timeline::add_series() {
  const std::size_t place = series_count_++;
  if (series_count_ <= room_) return place;
  const std::size_t before = room_;
  room_ = std::max<std::size_t>(2 * room_, 2);
  for (Level& level : levels_) {
    std::vector<Extremes> wider(kColumns * room_);
    for (std::size_t i = 0; i < kColumns; ++i) {
      for (std::size_t k = 0; k < place; ++k) wider[i * room_ + k] = level.extremes[i * before + k];
    }
    level.extremes = std::move(wider);
  }
  return place;
}

std::size_t Timeline::level_for(std::int64_t span, std::size_t most) const noexcept {
  std::size_t level = 0;
  while (level + 1 < levels_.size() && span / width(level) > static_cast<std::int64_t>(most)) ++level;
  return level;
}

void Timeline::clear_series(std::size_t place) {
  for (Level& level : levels_) {
    for (std::size_t i = 0; i < kColumns; ++i) level.extremes[i * room_ + place] = {};
  }
}

// The column there, emptied if it was another one's; null if it is older than all that are kept, or behind the end.
Column* Timeline::column_at(std::size_t level, std::int64_t x) {
  if (!newest_ || x > *newest_) return nullptr;
  const std::int64_t index = floor_div(x, width(level));
  const std::size_t slot = slot_of(index);
  Column& column = levels_[level].columns[slot];
  // One behind the end is from before it went back.
  if (column.index > index && column.index <= floor_div(*newest_, width(level))) return nullptr;
  if (column.index != index) {
    column = {.index = index};
    for (std::size_t k = 0; k < series_count_; ++k) levels_[level].extremes[slot * room_ + k] = {};
  }
  column.version = version_;
  return &column;
}

void Timeline::add(const Run& run, const std::vector<Extremes>& extremes, std::optional<std::size_t> only) {
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    Column* column = column_at(level, run.place);
    if (column == nullptr) continue;
    Extremes* all = &levels_[level].extremes[slot_of(column->index) * room_];
    if (only) {
      all[*only].add(extremes[*only]);
      continue;
    }
    if (column->count == 0 || run.first_seq < column->first_seq) column->first_seq = run.first_seq;
    if (column->count == 0 || run.last_seq > column->last_seq) column->last_seq = run.last_seq;
    column->count += run.count;
    for (std::size_t k = 0; k < std::min(series_count_, extremes.size()); ++k) all[k].add(extremes[k]);
  }
}

void Timeline::add_lost(std::int64_t x, Loss cause, std::uint64_t count) {
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if (Column* column = column_at(level, x)) column->lost[static_cast<std::size_t>(cause)] += count;
  }
}

void Timeline::end_at(std::int64_t place) {
  if (newest_ && place < *newest_) ++returns_;
  newest_ = place;
}

}  // namespace arena_shm::serve
