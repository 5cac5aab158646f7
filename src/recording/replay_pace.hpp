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
  /// `unit`: ns, us, ms or s; empty: the field's own, else ns.
  /// Errors: Code::invalid_argument if there is no such field, it is no single number, or its unit is no time.
  ReplayPace(const schema::Schema& schema, const std::string& field, const std::string& unit, double speed);

  /// Does a field set it?
  bool is_given() const noexcept { return field_.has_value(); }
  /// The next record is due at once.
  void begin() { first_.reset(); }
  /// Waits until the record is due, or a signal comes. One that is older than the first, or has no time, is due at
  /// once.
  void wait_for(std::span<const std::byte> record, const Attendant& attendant);

 private:
  using Clock = std::chrono::steady_clock;

  double units_since_first(std::uint64_t bits) const;

  std::optional<schema::Field> field_;
  double seconds_per_unit_ = 0;         // at this speed
  std::optional<std::uint64_t> first_;  // the first record's time, as bits
  Clock::time_point begin_;
};

}  // namespace arena_shm::recording
