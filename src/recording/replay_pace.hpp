// When each record of a recording is due, by one of its fields.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "recording/attendant.hpp"
#include "schema/schema.hpp"

namespace arena_shm::recording {

/// Thread safety: none.
class ReplayPace {
 public:
  /// As fast as possible.
  ReplayPace() = default;
  /// `unit`: ns, us, ms or s; empty: the field's own, else ns. No wait is longer than `max_gap`.
  /// Errors: Code::invalid_argument if there is no such field, it is no single number, or its unit is no time.
  ReplayPace(const schema::Schema& schema, const std::string& field, const std::string& unit, double speed,
             std::chrono::duration<double> max_gap);

  /// Does a field set it?
  bool is_given() const noexcept { return field_.has_value(); }
  /// The next record is due at once.
  void begin() { last_.reset(); }
  /// Waits until the record is due, or a signal comes: so long behind the one before as its time is later. One that is
  /// older, or has no time, is due at once. Tells the attendant of the first wait that is cut short.
  void wait_for(std::span<const std::byte> record, Attendant& attendant);
  /// Waits that were cut short.
  std::uint64_t cut_count() const noexcept { return cut_count_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;

  Seconds step_to(std::uint64_t bits) const;
  Seconds cut(Seconds step, Attendant& attendant);

  std::optional<schema::Field> field_;
  double seconds_per_unit_ = 0;  // at this speed
  Seconds max_gap_{};
  std::uint64_t cut_count_ = 0;
  std::optional<std::uint64_t> last_;  // the time of the newest record that has one, as bits
  Clock::time_point begin_;
  Seconds due_{};  // since begin_
};

}  // namespace arena_shm::recording
