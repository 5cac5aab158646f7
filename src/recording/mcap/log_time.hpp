// The time that a message has in an MCAP file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "recording/row.hpp"
#include "schema/schema.hpp"

namespace arena_shm::recording::mcap {

/// The time of the record's time field; or when its value was appended; or, of values that are recorded just now, when
/// that is; or, where nothing is known of times, as many nanoseconds as its number. Not before 1970, and not
/// beyond a u64.
class LogTime {
 public:
  /// Requires: a schema.
  explicit LogTime(const RecordShape& record);

  /// Of this row.
  std::uint64_t of(std::uint64_t seq, std::span<const std::byte> row) const;
  /// Which of them it is.
  const std::string& description() const noexcept { return description_; }

 private:
  std::optional<schema::Field> field_;
  std::size_t time_bytes_;
  bool has_time_;
  bool is_live_;
  std::string description_;
};

}  // namespace arena_shm::recording::mcap
