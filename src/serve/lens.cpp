#include "serve/lens.hpp"

#include <algorithm>
#include <utility>

namespace arena_shm::serve {

Lens::Lens(std::shared_ptr<const RingLayout> layout, Wanted wanted)
    : layout_(std::move(layout)), wanted_(std::move(wanted)), timeline_(layout_->finest(), layout_->level_count()) {}

std::optional<std::size_t> Lens::find(std::size_t series) const noexcept {
  const auto found = std::find(series_.begin(), series_.end(), series);
  if (found == series_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - series_.begin());
}

std::size_t Lens::place_of(std::size_t series) {
  if (const auto found = find(series)) return *found;
  series_.push_back(series);
  numbers_.emplace_back();
  is_filled_.push_back(false);
  extremes_.emplace_back();
  return timeline_.add_series();
}

void Lens::take(const Batch& batch, std::optional<std::size_t> only) {
  // So many values in a row that are older than all columns mean that time has begun anew.
  constexpr std::uint64_t kMostTooOld = 256;
  pick(batch);
  const std::int64_t finest = layout_->finest();
  for (std::size_t begin = 0; begin < picked_.size();) {
    const std::int64_t place = batch.places[picked_[begin]];
    const std::int64_t first = Timeline::floor_div(place, finest) * finest;
    std::uint64_t first_seq = batch.arrivals[picked_[begin]].seq;
    std::uint64_t last_seq = first_seq;
    std::size_t end = begin + 1;
    for (; end < picked_.size(); ++end) {
      const std::int64_t next = batch.places[picked_[end]];
      if (next < first || next - first >= finest) break;
      const std::uint64_t seq = batch.arrivals[picked_[end]].seq;
      first_seq = std::min(first_seq, seq);
      last_seq = std::max(last_seq, seq);
    }
    measure(batch, begin, end, only);
    if (timeline_.add(place, end - begin, first_seq, last_seq, extremes_, only)) {
      too_old_ = 0;
    } else if (!only && (too_old_ += end - begin) > kMostTooOld) {
      too_old_ = 0;
      timeline_.clear();
      timeline_.add(place, end - begin, first_seq, last_seq, extremes_);
    }
    begin = end;
  }
  if (only) return;
  count_ += picked_.size();
  keep_rows(batch);
}

// Which of the batch are wanted.
void Lens::pick(const Batch& batch) {
  picked_.clear();
  for (std::size_t i = 0; i < batch.arrivals.size(); ++i) {
    if (wanted_ && !wanted_(batch.record(i), batch.arrivals[i].seq, batch.time_of(i))) continue;
    picked_.push_back(i);
  }
}

// The extremes of the values from `begin` to `end` among those that were picked.
void Lens::measure(const Batch& batch, std::size_t begin, std::size_t end, std::optional<std::size_t> only) {
  const std::size_t stride = layout_->info().record.size_bytes;
  const std::size_t first = only.value_or(0);
  const std::size_t last = only ? first + 1 : series_.size();
  for (std::size_t k = first; k < last; ++k) {
    const Number& number = layout_->series()[series_[k]].number;
    Extremes extremes;
    NewestNumbers& numbers = numbers_[k];
    with_key_reader(number, [&](auto key_at) {
      const std::byte* base = batch.values.data() + number.offset_bytes;
      const bool skips_odd = number.is_floating();
      for (std::size_t i = begin; i < end; ++i) {
        const std::uint64_t key = key_at(base + picked_[i] * stride);
        if (skips_odd && key == kNoKey) {
          ++extremes.odd;
          continue;
        }
        extremes.least = std::min(extremes.least, key);
        extremes.greatest = std::max(extremes.greatest, key);
        numbers.add(key);
      }
    });
    extremes_[k] = extremes;
  }
}

void Lens::keep_rows(const Batch& batch) {
  const std::size_t from = picked_.size() - std::min(picked_.size(), kMostRows);
  for (std::size_t i = from; i < picked_.size(); ++i) {
    const auto record = batch.record(picked_[i]);
    if (rows_.size() == kMostRows) rows_.pop_front();
    rows_.push_back({.seq = batch.arrivals[picked_[i]].seq,
                     .place = batch.places[picked_[i]],
                     .record = {record.begin(), record.end()}});
  }
}

}  // namespace arena_shm::serve
