// Values from some time on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/info.hpp"
#include "schema/schema.hpp"

namespace arena_shm::recording {

/// Of each lane the first value whose time is not before a given one, and all that come behind it. The time of a value
/// is that of its record's time field, if it has one, else when it was appended.
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

  /// `ns`: since 1970. Errors: Code::invalid_argument, if the values have no times.
  Since(std::int64_t ns, const Origin& origin, const std::optional<schema::Schema>& schema);
  Since(std::int64_t ns, const Info& info, const std::optional<schema::Schema>& schema);

  /// The same for another arena of such records, where no lane has begun.
  Since for_lanes(std::size_t lanes) const {
    Since same = *this;
    same.begun_.assign(lanes, false);
    return same;
  }

  std::int64_t ns() const noexcept { return ns_; }
  /// Is it by the time of the append, which next_is_wanted then has to be told?
  bool needs_value_time() const noexcept { return !field_; }
  /// Is the next value of its lane wanted?
  bool next_is_wanted(std::uint64_t seq, std::span<const std::byte> record, std::int64_t value_time_ns);
  /// Has a value of the lane of this one been wanted?
  bool has_begun(std::uint64_t seq) const noexcept { return begun_[seq % begun_.size()]; }

 private:
  bool is_before(std::span<const std::byte> record, std::int64_t value_time_ns) const;

  std::int64_t ns_;
  std::optional<schema::Field> field_;
  std::vector<bool> begun_;  // of each lane
};

}  // namespace arena_shm::recording
