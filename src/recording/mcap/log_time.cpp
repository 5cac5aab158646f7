#include "recording/mcap/log_time.hpp"

#include <algorithm>

#include "schema/record_time.hpp"
#include "text/time_text.hpp"

namespace arena_shm::recording::mcap {

LogTime::LogTime(const RecordShape& record)
    : field_(schema::time_field(*record.schema)),
      time_bytes_(record.time_bytes()),
      has_time_(record.has_time),
      is_live_(record.origin.is_live) {
  if (field_)
    description_ = "the field " + field_->name;
  else if (has_time_)
    description_ = "when the value was appended";
  else
    description_ = is_live_ ? "when the value was recorded" : "the number of the value";
}

std::uint64_t LogTime::of(std::uint64_t seq, std::span<const std::byte> row) const {
  std::int64_t ns = 0;
  if (field_) return schema::unsigned_time_ns(*field_, row.subspan(time_bytes_));
  if (has_time_)
    ns = time_of_row(row);
  else if (is_live_)
    ns = text::realtime_ns();
  else
    return seq;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
}

}  // namespace arena_shm::recording::mcap
