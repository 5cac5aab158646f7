#include "recording/since.hpp"

#include <fmt/format.h>

#include "arena_shm/error.hpp"
#include "schema/record_time.hpp"
#include "schema/value_time.hpp"
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

Since::Since(std::int64_t ns, const Origin& origin, const std::optional<schema::Schema>& schema)
    : ns_(ns), field_(schema ? schema::time_field(*schema) : std::nullopt), begun_(origin.lanes) {
  if (!field_ && !origin.has_times) refuse(origin, schema);
}

Since::Since(std::int64_t ns, const Info& info, const std::optional<schema::Schema>& schema)
    : Since(ns, {.name = info.name, .lanes = info.lanes, .has_times = info.clock != Clock::none}, schema) {}

bool Since::next_is_wanted(std::uint64_t seq, std::span<const std::byte> record, std::int64_t value_time_ns) {
  const std::size_t lane = seq % begun_.size();
  if (!begun_[lane]) begun_[lane] = !is_before(record, value_time_ns);
  return begun_[lane];
}

bool Since::is_before(std::span<const std::byte> record, std::int64_t value_time_ns) const {
  if (!field_) return value_time_ns < ns_;
  if (const auto ns = schema::time_ns(*field_, record)) return *ns < ns_;
  // Beyond what an i64 holds.
  return field_->kind == schema::Kind::signed_integer &&
         (field_->element(record, 0).back() & std::byte{0x80}) != std::byte{0};
}

}  // namespace arena_shm::recording
