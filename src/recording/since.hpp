// Values of some span of time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/info.hpp"
#include "arena_shm/raw.hpp"
#include "schema/schema.hpp"

namespace arena_shm::recording {

/// As the command line says it. Times are in ns since 1970.
struct TimeSpan {
  std::optional<std::int64_t> since_ns{};
  std::optional<std::int64_t> until_ns{};
  std::optional<std::int64_t> last_ns{};  ///< so long before the newest value that is there

  bool is_given() const noexcept { return since_ns || until_ns || last_ns; }
  /// Does it say where to begin?
  bool has_begin() const noexcept { return since_ns || last_ns; }
};

/// Of each lane the first value whose time is not before a given one, and all that come behind it; of these, those that
/// are not later than another given one. The time of a value is that of its record's time field, if it has one, else
/// when it was appended.
/// Thread safety: none.
class Since {
 public:
  /// Where the values come from.
  struct Origin {
    std::string name;
    std::size_t lanes;
    bool has_times;  ///< of the appends
    bool is_recording = false;
  };

  /// Errors: Code::invalid_argument, if the values have no times.
  Since(const TimeSpan& span, const Origin& origin, const std::optional<schema::Schema>& schema);
  Since(const TimeSpan& span, const Info& info, const std::optional<schema::Schema>& schema);

  /// The same for another arena of such records, where no lane has begun.
  Since for_lanes(std::size_t lanes) const {
    Since same = *this;
    same.lanes_.assign(lanes, {});
    return same;
  }

  /// Has it to be told of the newest value of each lane that is there at the beginning, by tell_newest?
  bool asks_for_newest() const noexcept { return span_.last_ns.has_value(); }
  void tell_newest(std::span<const std::byte> record, std::int64_t value_time_ns);
  /// Tells it. `read(seq, record, time_ns)`: fills the record and its time, if that value is there. Looks at some more
  /// values of a lane whose newest one is not.
  template <class Read>
  void look_for_newest(const std::vector<std::uint64_t>& heads, std::span<std::byte> record, Read read) {
    constexpr int kTries = 256;
    const std::uint64_t lanes = heads.size();
    for (std::uint64_t seq : heads) {
      std::int64_t time_ns = 0;
      for (int i = 0; i < kTries && seq >= lanes; ++i) {
        seq -= lanes;
        if (!read(seq, record, time_ns)) continue;
        tell_newest(record, time_ns);
        break;
      }
    }
  }

  /// From when on values are wanted, as far as it is known by now.
  std::optional<std::int64_t> begin_ns() const noexcept { return span_.since_ns; }
  /// "no value is from 2026-01-31T12:34:56.000000000Z or later": why nothing came.
  std::string none_text() const;
  /// Is it by the time of the append, which next_is_wanted then has to be told?
  bool needs_value_time() const noexcept { return !field_; }
  /// Is the next value of its lane wanted?
  bool next_is_wanted(std::uint64_t seq, std::span<const std::byte> record, std::int64_t value_time_ns);
  /// Of a lane that has come to its end, no; else: has a value of the lane of this one been wanted?
  bool has_begun(std::uint64_t seq) const noexcept {
    const Lane& lane = lanes_[seq % lanes_.size()];
    return lane.has_begun && !lane.is_over;
  }
  /// Has each lane had a value that is too late?
  bool is_over() const noexcept;
  /// Is it too late for what comes from now on? Some time after that: what was begun before has come by then.
  bool is_past(std::int64_t now_ns) const noexcept;

 private:
  struct Lane {
    bool has_begun = false;
    bool is_over = false;
  };

  std::int64_t time_of(std::span<const std::byte> record, std::int64_t value_time_ns) const;

  TimeSpan span_;  // the begin of `last` is in `since`, once it is known
  std::optional<schema::Field> field_;
  std::vector<Lane> lanes_;
};

/// Tells it of the newest values of an arena. Errors: as RawView::timescale.
void tell_newest(Since& since, const RawView& view);

}  // namespace arena_shm::recording
