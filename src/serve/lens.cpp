#include "serve/lens.hpp"

#include <algorithm>
#include <utility>

#include "text/time_text.hpp"

namespace arena_shm::serve {

Lens::Lens(std::shared_ptr<const RingLayout> layout, Wanted wanted)
    : layout_(std::move(layout)),
      wanted_(std::move(wanted)),
      timeline_(layout_->finest(), layout_->level_count()),
      end_(layout_->info().lanes, layout_->is_along_time()) {}

std::optional<std::size_t> Lens::find(std::size_t series) const noexcept {
  const auto found = std::find(series_.begin(), series_.end(), series);
  if (found == series_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - series_.begin());
}

std::size_t Lens::add_series(std::size_t series) {
  series_.push_back(series);
  numbers_.emplace_back();
  is_filled_.push_back(false);
  extremes_.emplace_back();
  return timeline_.add_series();
}

void Lens::replace_series(std::size_t place, std::size_t series) {
  series_[place] = series;
  numbers_[place].clear();
  is_filled_[place] = false;
  timeline_.clear_series(place);
  for (Doubtful& one : doubtful_) {
    if (place < one.extremes.size()) one.extremes[place] = {};
  }
}

std::uint64_t Lens::apart() const noexcept {
  std::uint64_t sum = apart_;
  for (const Doubtful& one : doubtful_) sum += one.run.count;
  return sum;
}

void Lens::take(const Batch& batch, std::optional<std::size_t> only) {
  pick(batch);
  const std::int64_t finest = layout_->finest();
  const std::int64_t now = text::realtime_ns();
  for (std::size_t begin = 0; begin < picked_.size();) {
    Run run{.place = batch.places[picked_[begin]], .count = 0, .first_seq = batch.arrivals[picked_[begin]].seq};
    run.last_seq = run.first_seq;
    const std::size_t lane = run.first_seq % layout_->info().lanes;
    const std::int64_t first = Timeline::floor_div(run.place, finest) * finest;
    std::size_t end = begin + 1;
    for (; end < picked_.size(); ++end) {
      const std::int64_t next = batch.places[picked_[end]];
      if (next < first || next - first >= finest) break;
      const std::uint64_t seq = batch.arrivals[picked_[end]].seq;
      run.first_seq = std::min(run.first_seq, seq);
      run.last_seq = std::max(run.last_seq, seq);
      run.place = std::max(run.place, next);
    }
    run.count = end - begin;
    measure(batch, begin, end, only);
    only ? timeline_.add(run, extremes_, only) : put(lane, run, now);
    begin = end;
  }
  if (only) return;
  count_ += picked_.size();
  keep_rows(batch);
}

// Where the clock says that it belongs. The run was measured last.
void Lens::put(std::size_t lane, const Run& run, std::int64_t now) {
  const ChartEnd::Verdict verdict = end_.add(lane, run.place, run.count, now);
  if (verdict == ChartEnd::Verdict::doubtful) {
    doubtful_.push_back({.lane = lane, .run = run, .extremes = extremes_});
    return;
  }
  timeline_.end_at(*end_.place());
  std::erase_if(doubtful_, [&](const Doubtful& one) {
    if (one.lane != lane) return false;
    if (verdict == ChartEnd::Verdict::believed)
      timeline_.add(one.run, one.extremes);
    else
      apart_ += one.run.count;
    return true;
  });
  if (run.place > *end_.place()) apart_ += run.count;
  timeline_.add(run, extremes_);
}

void Lens::lose(std::int64_t place, const Gap& gap) {
  static_cast<void>(end_.add(gap.first % layout_->info().lanes, place, 0, text::realtime_ns()));
  if (!end_.place()) return;
  timeline_.end_at(*end_.place());
  timeline_.add_lost(std::min(place, *end_.place()), gap.cause, gap.count());
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
