#include "recording/arena_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "text/time_text.hpp"

namespace arena_shm::recording {

namespace {

constexpr std::chrono::milliseconds kSilence{40};  // longer than patient_reader holds anything back

}  // namespace

ArenaStream::ArenaStream(const RawView& view, const Extent& extent, const RecordShape& shape, Attendant& attendant)
    : view_(view),
      extent_(extent),
      attendant_(attendant),
      reader_(reader_in_order(view, extent.first, patient_reader(order_for(view.info(), extent.order, attendant)),
                              attendant)),
      progress_(extent.first) {
  select(selection_of(extent.where, view.info(), shape.schema));
  if (extent.span.is_given()) since_.emplace(extent.span, view.info(), shape.schema);
  if (since_) tell_newest(*since_, view);
  if (shape.has_time || (since_ && since_->needs_value_time()) || needs_time()) timescale_.emplace(view.timescale());
  if (extent.end) progress_.end_at(*extent.end);
  reader_.reader.on_gap([this](const Gap& gap) { add(gap); });
}

ValueStream::Step ArenaStream::next(Row& row) {
  const auto seq = reader_.reader.next(row.record());
  if (!seq) {
    if (!silent_since_) silent_since_ = Clock::now();
    return Step::none;
  }
  silent_since_.reset();
  if (!progress_.take(*seq)) return Step::passed;  // other lanes are not at their ends yet
  const std::int64_t ns = timescale_ ? timescale_->nanoseconds(reader_.reader.time()) : 0;
  if (row.has_time()) row.set_time(ns);
  if (since_ && !since_->next_is_wanted(*seq, row.record(), ns)) return Step::passed;
  if (!is_selected(*seq, row.record(), ns)) return Step::passed;
  seq_ = *seq;
  return Step::value;
}

bool ArenaStream::wait_for(std::chrono::milliseconds longest) {
  const bool has_come = reader_.reader.wait_for(longest);
  if (!has_come && extent_.end && silent_since_ && Clock::now() - *silent_since_ >= kSilence) give_up_pending();
  is_past_ = is_past_ || (!has_come && since_ && since_->is_past(text::realtime_ns()));
  if (!is_retired_ && view_.retired()) {
    is_retired_ = true;
    attendant_.note(fmt::format("arena '{}' was removed or replaced; still following the old arena", view_.name()));
  }
  return has_come;
}

std::uint64_t ArenaStream::unread_count() const {
  return extent_.end ? count_between(progress_.next(), *extent_.end) : reader_.reader.lag();
}

void ArenaStream::tell_order(std::uint64_t late_count) const {
  recording::tell_order(view_.info(), late_count, reader_.is_exact(), attendant_);
}

// In order of time a value that is claimed and not published is not passed over, for it comes late. What has an end has
// to come to it: nothing has come for longer than anything is held back, and so all else is there.
void ArenaStream::give_up_pending() {
  std::vector<std::byte> record(view_.info().record.size_bytes);
  for (const Gap& gap : progress_.unfinished()) {
    if (view_.read(gap.first, record) == ReadStatus::pending) add(gap);
  }
}

void ArenaStream::add(const Gap& gap) {
  const bool is_first = !progress_.has_begun(gap.first);
  auto wanted = progress_.lose(gap);
  const bool may_be_before = is_first && gap.cause == Loss::overwritten && !extent_.first_is_exact;
  if (wanted && (may_be_before || (since_ && !since_->has_begun(gap.first)))) wanted = certainly_wanted(*wanted);
  if (wanted) report(*wanted);
}

// The part of what is lost that is from Extent::wanted_from on.
std::optional<Gap> ArenaStream::certainly_wanted(Gap gap) const {
  if (!extent_.wanted_from) return std::nullopt;
  const std::vector<std::uint64_t>& from = extent_.wanted_from->next();
  gap.first = std::max(gap.first, from[gap.first % from.size()]);
  return gap.first <= gap.last ? std::optional(gap) : std::nullopt;
}

}  // namespace arena_shm::recording
