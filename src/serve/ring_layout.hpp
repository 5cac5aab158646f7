// What the records of one segment are made of, as a chart sees them: series of numbers, and what lies along the chart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/info.hpp"
#include "arena_shm/raw.hpp"
#include "schema/schema.hpp"
#include "serve/sort_key.hpp"

namespace arena_shm::serve {

/// A field, or an element of one, that is a number.
struct Series {
  std::string name;  ///< "px", "pos[1]"
  const schema::Field* field = nullptr;
  Number number;
};

/// What tells the place of a value along a chart.
enum class Along : std::uint8_t {
  time_field,  ///< nanoseconds since 1970, by the record's own time
  slot_time,   ///< the same, by when the value was appended
  seq,         ///< its sequence number, for it has no time
};

/// Of one segment. Never changes. Thread safety: all of it but places_of may be called from any thread.
class RingLayout {
 public:
  /// More series than that are not offered.
  static constexpr std::size_t kMostSeries = 512;

  /// No place is farther away from 0: differences of two have room, and those of columns that they are in, too.
  static constexpr std::int64_t kMostPlace = (std::int64_t{1} << 62) - (std::int64_t{1} << 40);

  explicit RingLayout(const RawView& view);
  RingLayout(const RingLayout&) = delete;  // series point into the schema
  RingLayout& operator=(const RingLayout&) = delete;

  const Info& info() const noexcept { return info_; }
  const std::optional<schema::Schema>& schema() const noexcept { return schema_; }
  /// Why there is no schema; empty if there is one.
  const std::string& problem() const noexcept { return problem_; }
  const std::vector<Series>& series() const noexcept { return series_; }
  std::optional<std::size_t> find_series(const std::string& name) const noexcept;

  Along along() const noexcept { return along_; }
  bool is_along_time() const noexcept { return along_ != Along::seq; }
  /// Do values have the times of their appends, by a clock that can be read?
  bool has_slot_times() const noexcept { return has_slot_times_; }
  /// The width of the finest columns, and how many widths there are.
  std::int64_t finest() const noexcept { return is_along_time() ? kFinestNs : kFinestValues; }
  std::size_t level_count() const noexcept { return is_along_time() ? kTimeLevels : kSeqLevels; }

  /// The place of each value. `values`: one record after the other; as many places as arrivals. `scale`: of the
  /// segment, and of one thread; null if along() is not slot_time.
  void places_of(std::span<const std::byte> values, std::span<const Arrival> arrivals, Timescale* scale,
                 std::span<std::int64_t> places) const;

 private:
  static constexpr std::int64_t kFinestNs = 1'000'000;
  static constexpr std::size_t kTimeLevels = 16;  // up to 33 s a column: 18 h
  static constexpr std::int64_t kFinestValues = 16;
  static constexpr std::size_t kSeqLevels = 24;  // up to 1.3e8 values a column

  Info info_;
  std::optional<schema::Schema> schema_;
  std::string problem_;
  std::vector<Series> series_;
  Along along_ = Along::seq;
  bool has_slot_times_ = false;
  Number time_;
  std::int64_t ns_per_unit_ = 1;
};

}  // namespace arena_shm::serve
