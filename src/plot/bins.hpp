// Many values, thinned out so that none that stands out is lost.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <vector>

namespace arena_shm::plot {

/// The least and the greatest of some values, and where they are. NaN and infinities are none.
struct Extremes {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();
  std::int64_t least_at = 0;
  std::int64_t greatest_at = 0;

  bool is_there() const noexcept { return least <= greatest; }
  void add(double value, std::int64_t at) noexcept {
    if (!std::isfinite(value)) return;
    if (value < least) {
      least = value;
      least_at = at;
    }
    if (value > greatest) {
      greatest = value;
      greatest_at = at;
    }
  }
  void add(const Extremes& other) noexcept {
    if (!other.is_there()) return;
    add(other.least, other.least_at);
    add(other.greatest, other.greatest_at);
  }
};

/// Values of several series along one axis, a time in ns or a number, in bins of one width: of each bin and series the
/// extremes. There are never more bins than twice so many as were asked for: then two become one. So a value that
/// stands out is there, whatever number of others there is.
/// Thread safety: none. Memory: for each bin 32 bytes a series.
class Bins {
 public:
  Bins(std::size_t series_count, std::int64_t width, std::size_t count)
      : series_count_(series_count), width_(width), count_(count) {}

  /// `values`: one for each series.
  void add(std::int64_t at, std::span<const double> values);
  /// Bins that end before this are let go.
  void forget_before(std::int64_t at);

  /// By their numbers: a bin is from number * width() on.
  const std::map<std::int64_t, std::vector<Extremes>>& bins() const noexcept { return bins_; }
  std::int64_t width() const noexcept { return width_; }
  bool is_empty() const noexcept { return bins_.empty(); }
  /// Where the first and the last value are. Requires: not empty.
  std::int64_t first() const noexcept { return bins_.begin()->first * width_; }
  std::int64_t last() const noexcept { return last_; }
  /// Of one series between `from` and `to`, as far as bins tell, in so many columns of the same width.
  std::vector<Extremes> columns(std::size_t series, std::int64_t from, std::int64_t to, std::size_t count) const;

 private:
  void halve();

  std::size_t series_count_;
  std::int64_t width_;
  std::size_t count_;
  std::map<std::int64_t, std::vector<Extremes>> bins_;
  std::int64_t last_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace arena_shm::plot
