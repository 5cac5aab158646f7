// What somebody looks at in a ring: some of its series, of all values or of those that a filter lets through. All who
// look at the same share one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/raw.hpp"
#include "serve/chart_end.hpp"
#include "serve/ring_layout.hpp"
#include "serve/timeline.hpp"

namespace arena_shm::serve {

/// Is this value wanted? `ns`: when it was appended, since 1970, if that is known.
using Wanted =
    std::function<bool(std::span<const std::byte> record, std::uint64_t seq, std::optional<std::int64_t> ns)>;

/// Values that were read at once.
struct Batch {
  std::span<const std::byte> values;  ///< one record after the other
  std::span<const Arrival> arrivals;
  std::span<const std::int64_t> places;  ///< RingLayout::places_of
  Timescale* scale = nullptr;            ///< of their times; null: they have none

  /// When it was appended, in nanoseconds since 1970.
  std::optional<std::int64_t> time_of(std::size_t i) const noexcept {
    return scale == nullptr ? std::nullopt : std::optional(scale->nanoseconds(arrivals[i].time));
  }

  std::span<const std::byte> record(std::size_t i) const noexcept {
    const std::size_t bytes = values.size() / arrivals.size();
    return values.subspan(i * bytes, bytes);
  }
};

/// A value as it stands in the ring.
struct Value {
  std::uint64_t seq = 0;
  std::int64_t place = 0;
  std::vector<std::byte> record;
};

/// The newest numbers of one series, whichever of them are finite.
class NewestNumbers {
 public:
  static constexpr std::size_t kMost = 65536;

  void add(std::uint64_t key) {
    if (keys_.size() < kMost)
      keys_.push_back(key);
    else
      keys_[next_++ % kMost] = key;
  }
  void clear() noexcept {
    keys_.clear();
    next_ = 0;
  }
  /// In no order. Keys (sort_key.hpp).
  const std::vector<std::uint64_t>& keys() const noexcept { return keys_; }

 private:
  std::vector<std::uint64_t> keys_;
  std::size_t next_ = 0;
};

/// Thread safety: none.
class Lens {
 public:
  static constexpr std::size_t kMostRows = 20;

  /// `wanted`: null for all values.
  Lens(std::shared_ptr<const RingLayout> layout, Wanted wanted);

  /// Looks at that series, too. Returns: its place among those that the lens looks at; it has no numbers yet.
  std::size_t add_series(std::size_t series);
  /// Looks at another series, in the place of this one; or at the same one, but without its numbers.
  void replace_series(std::size_t place, std::size_t series);
  std::optional<std::size_t> find(std::size_t series) const noexcept;
  /// In their places.
  const std::vector<std::size_t>& series() const noexcept { return series_; }
  /// Its numbers of values that were read before are there, too.
  void set_filled(std::size_t place) { is_filled_[place] = true; }
  bool is_filled(std::size_t place) const { return is_filled_[place]; }
  const RingLayout& layout() const noexcept { return *layout_; }

  /// Takes what has come. `only`: fills in the numbers of that one, of values that were taken before.
  void take(const Batch& batch, std::optional<std::size_t> only = {});
  /// Values were lost before the one at this place.
  void lose(std::int64_t place, const Gap& gap);

  const Timeline& timeline() const noexcept { return timeline_; }
  void next_version() noexcept { timeline_.next_version(); }
  /// The values that came last, oldest first, and how many have come in all.
  const std::deque<Value>& rows() const noexcept { return rows_; }
  std::uint64_t count() const noexcept { return count_; }
  /// How many of them are not drawn, because their times are far ahead of all others and of the clock.
  std::uint64_t apart() const noexcept;
  /// Of the series at this place.
  const NewestNumbers& numbers(std::size_t place) const noexcept { return numbers_[place]; }

 private:
  void pick(const Batch& batch);
  void keep_rows(const Batch& batch);
  void put(std::size_t lane, const Run& run, std::int64_t now);
  void measure(const Batch& batch, std::size_t begin, std::size_t end, std::optional<std::size_t> only);

  // Far ahead of all; to be drawn if more of them come.
  struct Doubtful {
    std::size_t lane;
    Run run;
    std::vector<Extremes> extremes;
  };

  std::shared_ptr<const RingLayout> layout_;
  Wanted wanted_;
  Timeline timeline_;
  ChartEnd end_;
  std::vector<std::size_t> series_;
  std::vector<NewestNumbers> numbers_;
  std::vector<bool> is_filled_;
  std::deque<Value> rows_;
  std::uint64_t count_ = 0;
  std::uint64_t apart_ = 0;  // that are doubtful no more
  std::vector<Doubtful> doubtful_;
  std::vector<std::size_t> picked_;  // of a batch
  std::vector<Extremes> extremes_;   // of a run
};

}  // namespace arena_shm::serve
