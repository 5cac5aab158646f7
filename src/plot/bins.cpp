#include "plot/bins.hpp"

#include <algorithm>
#include <utility>

namespace arena_shm::plot {

namespace {

// Rounded down, also below 0.
std::int64_t number_of(std::int64_t at, std::int64_t width) noexcept {
  const std::int64_t number = at / width;
  return number * width > at ? number - 1 : number;
}

// How far it is from `a` to `b`. Requires: a <= b.
double distance(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<double>(static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a));
}

}  // namespace

void Bins::add(std::int64_t at, std::span<const double> values) {
  last_ = std::max(last_, at);
  auto& bin = bins_[number_of(at, width_)];
  if (bin.empty()) bin.resize(series_count_);
  for (std::size_t i = 0; i < series_count_; ++i) bin[i].add(values[i], at);
  if (bins_.size() > 2 * count_) halve();
}

void Bins::forget_before(std::int64_t at) { bins_.erase(bins_.begin(), bins_.lower_bound(number_of(at, width_))); }

void Bins::halve() {
  std::map<std::int64_t, std::vector<Extremes>> wider;
  for (auto& [number, extremes] : bins_) {
    auto& bin = wider[number_of(number, 2)];
    if (bin.empty()) {
      bin = std::move(extremes);
      continue;
    }
    for (std::size_t i = 0; i < series_count_; ++i) bin[i].add(extremes[i]);
  }
  width_ *= 2;
  bins_ = std::move(wider);
}

std::vector<Extremes> Bins::columns(std::size_t series, std::int64_t from, std::int64_t to, std::size_t count) const {
  std::vector<Extremes> columns(count);
  const double range = std::max(distance(from, std::max(from, to)), 1.0);
  const auto put = [&](double value, std::int64_t at) {
    if (at < from || at > to) return;
    const double part = distance(from, at) / range;
    columns[std::min(static_cast<std::size_t>(part * static_cast<double>(count)), count - 1)].add(value, at);
  };
  for (auto bin = bins_.lower_bound(number_of(from, width_)); bin != bins_.end(); ++bin) {
    const Extremes& extremes = bin->second[series];
    if (!extremes.is_there()) continue;
    put(extremes.least, extremes.least_at);
    put(extremes.greatest, extremes.greatest_at);
  }
  return columns;
}

}  // namespace arena_shm::plot
