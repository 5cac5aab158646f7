// What a chart shows of the values that have come: columns with the least and the greatest number of each series, how
// many values there were, and what was lost. In several widths at once, each twice as wide as the one before, so that
// a chart of any span is drawn from no more columns than it has pixels.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "arena_shm/options.hpp"
#include "serve/sort_key.hpp"

namespace arena_shm::serve {

/// The numbers of one series in one column. Keys (sort_key.hpp); empty: least > greatest.
struct Extremes {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t greatest = 0;
  std::uint64_t odd = 0;  ///< numbers that are not finite, and are in neither

  bool is_empty() const noexcept { return least > greatest; }
  void add(const Extremes& other) noexcept {
    if (other.least < least) least = other.least;
    if (other.greatest > greatest) greatest = other.greatest;
    odd += other.odd;
  }
};

/// By arena_shm::Loss.
using Losses = std::array<std::uint64_t, 3>;

/// One column, without its numbers.
struct Column {
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();

  std::int64_t index = kNone;  ///< it begins at index * width
  std::uint64_t version = 0;   ///< the Timeline's, when it was last changed
  std::uint64_t count = 0;     ///< values
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  Losses lost{};  ///< before its values
};

/// Values of one finest column, that came one after the other.
struct Run {
  std::int64_t place = 0;
  std::uint64_t count = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
};

/// Thread safety: none.
class Timeline {
 public:
  static constexpr std::size_t kColumns = 2048;  ///< kept of each width

  /// `finest`: the width of the narrowest columns, in the unit of what lies along the chart: nanoseconds, or values.
  Timeline(std::int64_t finest, std::size_t levels);

  /// A series that has no numbers yet. Returns: its place.
  std::size_t add_series();
  std::size_t series_count() const noexcept { return series_count_; }
  std::size_t level_count() const noexcept { return levels_.size(); }
  std::int64_t width(std::size_t level) const noexcept { return finest_ << level; }
  /// The narrowest level whose columns fill such a span with no more than `most`.
  std::size_t level_for(std::int64_t span, std::size_t most) const noexcept;

  /// Forgets the numbers of that series.
  void clear_series(std::size_t place);

  /// `extremes`: of all series, or of one, `only`, whose values were counted before. What lies behind the end, or is
  /// older than all that is kept, is left out.
  void add(const Run& run, const std::vector<Extremes>& extremes, std::optional<std::size_t> only = {});
  void add_lost(std::int64_t x, Loss cause, std::uint64_t count);

  /// The chart ends there from now on.
  void end_at(std::int64_t place);
  /// What comes from now on has a higher version.
  void next_version() noexcept { ++version_; }
  std::uint64_t version() const noexcept { return version_; }
  /// The place where the chart ends; nothing: nothing came.
  std::optional<std::int64_t> newest() const noexcept { return newest_; }
  /// How often the end went back.
  std::uint64_t returns() const noexcept { return returns_; }

  /// Calls visit(column, extremes of all series) for those of the level that have the index `from` or a higher one and
  /// a version above `since`, in their order.
  template <class Visit>
  void visit(std::size_t level, std::int64_t from, std::uint64_t since, Visit&& visit) const {
    if (!newest_) return;
    const Level& one = levels_[level];
    const std::int64_t last = floor_div(*newest_, width(level));
    for (std::int64_t index = std::max(from, last - static_cast<std::int64_t>(kColumns) + 1); index <= last; ++index) {
      const Column& column = one.columns[slot_of(index)];
      if (column.index == index && column.version > since) visit(column, &one.extremes[slot_of(index) * room_]);
    }
  }

  static constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
    return a / b - static_cast<std::int64_t>(a % b < 0);
  }

 private:
  struct Level {
    std::vector<Column> columns;
    std::vector<Extremes> extremes;  // of each column, `room_` series
  };

  static constexpr std::size_t slot_of(std::int64_t index) noexcept {
    return static_cast<std::size_t>(index) % kColumns;
  }
  Column* column_at(std::size_t level, std::int64_t x);

  std::int64_t finest_;
  std::vector<Level> levels_;
  std::size_t series_count_ = 0;
  std::size_t room_ = 0;  // for so many
  std::uint64_t version_ = 1;
  std::uint64_t returns_ = 0;
  std::optional<std::int64_t> newest_;
};

}  // namespace arena_shm::serve
