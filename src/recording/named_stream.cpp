#include "recording/named_stream.hpp"

#include <fmt/format.h>

#include <utility>

#include "arena_shm/core/header.hpp"
#include "schema/meaning.hpp"
#include "schema/restart_text.hpp"
#include "schema/schema_json.hpp"
#include "text/time_text.hpp"

namespace arena_shm::recording {

namespace {

[[noreturn]] void refuse(const Info& info, std::string expected, std::string found) {
  throw Error(Code::incompatible_type, {.name = info.name,
                                        .doing = "go on with the new",
                                        .expected = std::move(expected),
                                        .found = std::move(found),
                                        .remedy = "to follow the new one, start again"});
}

// Nothing if it has none, or none that can be used.
std::optional<schema::Schema> own_schema(const Info& info) {
  try {
    if (!info.record.schema.empty()) return schema::parse_json(info.record.schema, info.record.size_bytes);
  } catch (const Error&) {
  }
  return std::nullopt;
}

}  // namespace

NamedStream::NamedStream(std::string name, From from, ReaderOptions options, Attendant& attendant)
    : attendant_(attendant),
      from_(from),
      follower_(std::move(name), from, options),
      was_there_(follower_.view() != nullptr) {
  follower_.on_restart([this](const Restart& restart) { restart_ = restart; });
  if (!was_there_) attendant_.note(fmt::format("waiting for an arena '{}'", follower_.name()));
}

void NamedStream::begin(const RecordShape& shape, std::optional<Since> since, Begin begin) {
  first_ = follower_.view()->info();
  has_time_ = shape.has_time;
  schema_ = own_schema(first_);
  if (schema_ != shape.schema) schema_.reset();
  since_ = std::move(since);
  if (since_ && was_there_) tell_newest(*since_, *view());
  begin_ = std::move(begin);
  has_begun_ = true;
}

ValueStream::Step NamedStream::next(Row& row) {
  std::optional<std::uint64_t> seq;
  try {
    seq = follower_.next([&](NamedReader& reader) {
      meet(reader);
      newest_ = &reader;
      return reader.next(row.record());
    });
  } catch (const Error& error) {
    failure_ = error;
  }
  if (!seq) return Step::none;
  seq_ = *seq;
  NamedReader& reader = *newest_;
  reader.begun[*seq % reader.begun.size()] = true;
  const std::int64_t ns = reader.timescale ? reader.timescale->nanoseconds(reader.time()) : 0;
  if (row.has_time()) row.set_time(ns);
  if (reader.since && !reader.since->next_is_wanted(*seq, row.record(), ns)) {
    is_past_ = is_past_ || reader.since->is_over();
    return Step::passed;
  }
  if (!is_selected(*seq, row.record(), ns)) return Step::passed;
  if (!inexact_ && !reader.comes_in_order()) inexact_ = reader.view.info();
  return Step::value;
}

// Before anything of it is delivered.
void NamedStream::meet(NamedReader& reader) {
  if (std::exchange(reader.is_known, true)) return;
  const Info& info = reader.view.info();
  if (arenas_ > 0) {
    check_same(info);
    tell_restart(info.name);
    report_new_arena(info);
    is_gone_ = false;
  }
  if (!reader.why_unordered.empty()) attendant_.note(reader.why_unordered);
  const bool is_first = arenas_++ == 0;
  reader.was_there = is_first && begin_.first;
  if (reader.was_there)
    reader.seek(*begin_.first);
  else if (!is_first || !from_.is_seq())
    reader.seek(From::at(0));
  if (info.clock != Clock::none) reader.timescale = reader.view.timescale();
  if (since_) reader.since = since_->for_lanes(info.lanes);
  reader.on_gap([this, &reader](const Gap& gap) { add(reader, gap); });
}

void NamedStream::tell_restart(const std::string& name) {
  if (!restart_) return;
  if (report_restart_)
    report_restart_(*restart_);
  else
    attendant_.tell(schema::describe(name, *restart_));
  restart_.reset();
}

void NamedStream::check_same(const Info& info) const {
  try {
    core::check_record(info.name, first_.record, info.record);
  } catch (const Error& error) {
    refuse(info, error.expected(), error.found());
  }
  if (const auto other = schema_ ? own_schema(info) : std::nullopt) {
    if (const auto difference = schema::difference_in_meaning(*schema_, *other))
      refuse(info, difference->expected, difference->found);
  }
  const bool needs_times = has_time_ || (since_ && since_->needs_value_time()) || needs_time();
  if (needs_times && info.clock == Clock::none) refuse(info, "an arena with times, as the one before", "one without");
}

// Nothing of an arena that is new is meant to be lost; of one that was there, what was overwritten before is ordinary.
void NamedStream::add(const NamedReader& reader, const Gap& gap) const {
  const bool has_begun = reader.begun[gap.first % reader.begun.size()];
  if (!has_begun && gap.cause == Loss::overwritten && reader.was_there && !begin_.is_exact) return;
  if (reader.since && !reader.since->has_begun(gap.first)) return;
  report(gap);
}

bool NamedStream::wait_for(std::chrono::milliseconds longest) {
  try {
    if (follower_.wait_for(longest)) return true;
  } catch (const Error& error) {
    if (!has_begun_) throw;
    failure_ = error;
    return false;
  }
  is_past_ = is_past_ || (since_ && since_->is_past(text::realtime_ns()));
  if (!is_gone_ && has_begun_ && follower_.view()->retired()) {
    is_gone_ = true;
    attendant_.note(fmt::format("arena '{}' was removed; waiting for a new one", follower_.name()));
  }
  return false;
}

void NamedStream::tell_order(std::uint64_t late_count) const {
  recording::tell_order(inexact_.value_or(first_), late_count, !inexact_, attendant_);
}

}  // namespace arena_shm::recording
