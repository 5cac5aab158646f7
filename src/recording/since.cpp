#include "recording/since.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "arena_shm/error.hpp"
#include "schema/record_time.hpp"
#include "schema/value_time.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"

namespace arena_shm::recording {

namespace {

std::string times_found(const std::optional<schema::Schema>& schema) {
  if (!schema || schema->time_field.empty()) return "neither";
  const schema::Field* field = schema->find(schema->time_field);
  if (field == nullptr) return "neither";
  return fmt::format("the time field {} of type {}{}", text::excerpt(field->name), field->type_name(),
                     field->unit.empty() ? "" : " in " + text::printable(field->unit));
}

[[noreturn]] void refuse(const Since::Origin& origin, const std::optional<schema::Schema>& schema) {
  constexpr auto kDoing = "find a time in";
  if (origin.is_recording) {
    throw Error(Code::invalid_argument,
                {.name = origin.name,
                 .doing = kDoing,
                 .expected = fmt::format("values with their times in a column {}", schema::kTimeColumn),
                 .found = "no such column",
                 .remedy = "record an arena with times; or give --since to record or snapshot"});
  }
  throw Error(
      Code::invalid_argument,
      {.name = origin.name,
       .doing = kDoing,
       .expected = "an arena with times, or a time field: a single integer in ns, us, ms or s",
       .found = times_found(schema),
       .remedy = "create the arena with --time, or name the time field in its schema; see arena-shm create --help"});
}

}  // namespace

Since::Since(const TimeSpan& span, const Origin& origin, const std::optional<schema::Schema>& schema)
    : span_(span), field_(schema ? schema::time_field(*schema) : std::nullopt), lanes_(origin.lanes) {
  if (!field_ && !origin.has_times) refuse(origin, schema);
}

Since::Since(const TimeSpan& span, const Info& info, const std::optional<schema::Schema>& schema)
    : Since(span, {.name = info.name, .lanes = info.lanes, .has_times = info.clock != Clock::none}, schema) {}

void Since::tell_newest(std::span<const std::byte> record, std::int64_t value_time_ns) {
  if (!span_.last_ns) return;
  std::int64_t begin = 0;
  if (__builtin_sub_overflow(time_of(record, value_time_ns), *span_.last_ns, &begin)) return;
  span_.since_ns = span_.since_ns ? std::max(*span_.since_ns, begin) : begin;
}

bool Since::next_is_wanted(std::uint64_t seq, std::span<const std::byte> record, std::int64_t value_time_ns) {
  Lane& lane = lanes_[seq % lanes_.size()];
  if (lane.has_begun && !span_.until_ns) return true;
  const std::int64_t ns = time_of(record, value_time_ns);
  lane.has_begun = lane.has_begun || !span_.since_ns || ns >= *span_.since_ns;
  lane.is_over = span_.until_ns && ns > *span_.until_ns;
  return lane.has_begun && !lane.is_over;
}

bool Since::is_over() const noexcept {
  return std::ranges::all_of(lanes_, [](const Lane& lane) { return lane.is_over; });
}

bool Since::is_past(std::int64_t now_ns) const noexcept {
  constexpr std::int64_t kGraceNs = 100'000'000;
  return span_.until_ns && now_ns - kGraceNs > *span_.until_ns;
}

std::string Since::none_text() const {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  const std::string since = span_.since_ns ? " from " + text::time_text(*span_.since_ns, kNsPerSecond) : "";
  if (!span_.until_ns) return "no value is" + since + " or later";
  return fmt::format("no value is{}{}", since,
                     (since.empty() ? " from " : " to ") + text::time_text(*span_.until_ns, kNsPerSecond) +
                         (since.empty() ? " or before" : ""));
}

// What is beyond an i64 is before all times, or behind them.
std::int64_t Since::time_of(std::span<const std::byte> record, std::int64_t value_time_ns) const {
  if (!field_) return value_time_ns;
  if (const auto ns = schema::time_ns(*field_, record)) return *ns;
  const bool is_negative = field_->kind == schema::Kind::signed_integer &&
                           (field_->element(record, 0).back() & std::byte{0x80}) != std::byte{0};
  return is_negative ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

void tell_newest(Since& since, const RawView& view) {
  if (!since.asks_for_newest()) return;
  std::optional<Timescale> timescale;
  if (since.needs_value_time()) timescale.emplace(view.timescale());
  std::vector<std::byte> record(view.info().record.size_bytes);
  since.look_for_newest(view.reader(From::newest, {.doorbell = false}).position().next(), record,
                        [&](std::uint64_t seq, std::span<std::byte> into, std::int64_t& time_ns) {
                          std::uint64_t time = 0;
                          if (view.read(seq, into, &time) != ReadStatus::ok) return false;
                          if (timescale) time_ns = timescale->nanoseconds(time);
                          return true;
                        });
}

}  // namespace arena_shm::recording
