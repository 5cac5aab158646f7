#include "recording/capture_shot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "recording/lanes.hpp"
#include "schema/record_formatter.hpp"
#include "schema/value_time.hpp"
#include "text/quantities.hpp"
#include "text/time_text.hpp"

namespace arena_shm::recording {

namespace {

constexpr std::chrono::milliseconds kGrace{50};  // a value that was made in time may be published a little later

// Of each lane so many before the trigger; or from the oldest on, if it is by time.
Position first_of(const Trigger& trigger, const Span& before, const Position& saved) {
  std::vector<std::uint64_t> first = saved.next();
  const std::size_t lanes = first.size();
  if (before.time) return saved;
  for (std::size_t k = 0; k < lanes; ++k) {
    const bool is_triggers = trigger.seq && *trigger.seq % lanes == k;
    const std::uint64_t end = is_triggers ? *trigger.seq : trigger.next[k];
    const std::uint64_t there = (end - k) / lanes;
    first[k] = std::max(first[k], (there - std::min(there, before.values)) * lanes + k);
  }
  return Position(first);
}

// From where on nothing may be missing without being told.
Position trigger_place(const Trigger& trigger) {
  std::vector<std::uint64_t> place = trigger.next;
  if (trigger.seq) place[*trigger.seq % place.size()] = *trigger.seq;
  return Position(place);
}

Extent extent_of(const Trigger& trigger, const Span& before, const Position& saved) {
  Extent extent{.first = first_of(trigger, before, saved), .wanted_from = trigger_place(trigger)};
  if (before.time && trigger.ns) extent.span.since_ns = text::time_after(*trigger.ns, -*before.time);
  return extent;
}

RecordShape with_trigger(const RecordShape& shape) {
  return {.size_bytes = shape.size_bytes + schema::kColumnBytes,
          .schema = schema::behind_column(*shape.schema, kTriggerColumn, schema::Kind::unsigned_integer),
          .has_time = shape.has_time,
          .origin = shape.origin};
}

FileOptions numbered(FileOptions file) {
  file.rotate = true;  // numbers behind those that are there: none of them is replaced
  file.force = false;
  file.first_number = 1;
  return file;
}

std::string amount_text(const Span& span) {
  return span.time ? text::short_duration(*span.time) : text::counted(span.values, "value");
}

}  // namespace

CaptureShot::CaptureShot(const RawView& view, const RecordShape& shape, const CaptureWish& wish, const Trigger& trigger,
                         const Position& saved, const FileOptions& file, Hand& hand, Attendant& attendant)
    : view_(view),
      wish_(wish),
      trigger_(trigger),
      hand_(hand),
      attendant_(attendant),
      clock_(shape),
      extent_(extent_of(trigger, wish.before, saved)),
      stream_(view, extent_, shape, attendant),
      row_(shape),
      file_shape_(with_trigger(shape)),
      file_row_(file_shape_),
      writer_(numbered(file), file_shape_),
      next_(extent_.first.next()) {
  stream_.on_gap([this](const Gap& gap) { add(gap); });
}

void CaptureShot::run() {
  for (std::uint64_t looked = 1; !attendant_.stop_requested() && !stream_.is_finished(); ++looked) {
    const ValueStream::Step step = stream_.next(row_);
    if (step == ValueStream::Step::passed) {
      was_early_enough_ = true;
    } else if (step == ValueStream::Step::value) {
      const auto ns = clock_.ns(row_);
      if (is_behind_end(ns)) break;
      take(ns);
      if (!wish_.after.time && has_begun() && after_ >= wish_.after.values) break;
    } else {
      if (is_over_without_values()) break;
      writer_.flush();
      stream_.wait_for(kBetweenHands);
    }
    if (step != ValueStream::Step::none && looked % kValuesBetweenHands != 0) continue;
    if (hand_.was_pulled())
      attendant_.note(fmt::format("triggered again: {} will have that moment, too", writer_.path()));
  }
  for (const Gap& gap : gaps_) writer_.append_lost(gap);
  writer_.finish();
}

// By the clock of this machine, where the values' times are of it; else when nothing has come for as long as is asked
// for: a time field may be of any clock.
bool CaptureShot::is_over_without_values() const {
  if (view_.retired() && !view_.has_writers()) return true;
  if (!wish_.after.time) return false;
  if (!clock_.is_of_append()) return Clock::now() - newest_ >= *wish_.after.time;
  return text::realtime_ns() > text::time_after(text::time_after(trigger_.ns.value_or(0), *wish_.after.time), kGrace);
}

bool CaptureShot::is_behind_end(std::optional<std::int64_t> ns) const {
  if (!wish_.after.time || !is_after()) return false;
  if (!trigger_.ns || !ns) return Clock::now() - begin_ > *wish_.after.time;  // beyond the times that can be told
  return text::time_between(*trigger_.ns, *ns) > *wish_.after.time;
}

// Is the value that has come behind the trigger, also if that one was overwritten?
bool CaptureShot::is_after() const {
  const std::uint64_t seq = stream_.seq();
  return has_trigger_ || seq >= trigger_.next[seq % next_.size()];
}

void CaptureShot::take(std::optional<std::int64_t> ns) {
  const std::uint64_t seq = stream_.seq();
  const std::size_t lane = seq % next_.size();
  const bool is_behind = is_after();
  const std::uint64_t is_trigger = !has_trigger_ && (trigger_.seq ? seq == *trigger_.seq : is_behind) ? 1 : 0;
  if (before_ + after_ == 0 && !has_trigger_) {
    first_ns_ = ns;
    first_seq_ = seq;
  }
  if (is_trigger != 0)
    has_trigger_ = true;
  else
    ++(is_behind ? after_ : before_);
  if (file_row_.has_time()) file_row_.set_time(time_of_row(row_.bytes()));
  std::memcpy(file_row_.record().data(), &is_trigger, sizeof(is_trigger));
  std::ranges::copy(row_.record(), file_row_.record().subspan(sizeof(is_trigger)).begin());
  writer_.append(seq, file_row_.bytes(), gaps_);
  gaps_.clear();
  next_[lane] = std::max(next_[lane], seq + next_.size());
  newest_ = Clock::now();
}

void CaptureShot::add(const Gap& gap) {
  std::uint64_t& next = next_[gap.first % next_.size()];
  next = std::max(next, gap.last + next_.size());
  lost_ += gap.count();
  gaps_.push_back(gap);
  attendant_.tell(schema::describe(gap));
}

std::string CaptureShot::what_is_missing() const {
  std::string text;
  if (trigger_.seq && !has_trigger_) text += "; the value that triggered was overwritten before it could be saved";
  const std::size_t lanes = next_.size();
  const std::uint64_t begin = extent_.first.next()[first_seq_ % lanes];
  const bool has_rows = before_ + after_ > 0 || has_trigger_;
  if (!has_rows || was_early_enough_ || first_seq_ <= begin || first_seq_ < lanes) return text;
  const std::string there = wish_.before.time && first_ns_ && trigger_.ns
                                ? text::short_duration(text::time_between(*first_ns_, *trigger_.ns))
                                : text::counted(before_, "value");
  return text + fmt::format("; the ring held only {} before the trigger, not {}", there, amount_text(wish_.before));
}

std::string CaptureShot::summary() const {
  std::string text = fmt::format("{}: {}", writer_.path(), text::counted(before_ + after_ + has_trigger_, "value"));
  text += fmt::format(", {} before the trigger", before_);
  if (trigger_.seq) text += fmt::format(" at {} {}", schema::kSeqColumn, *trigger_.seq);
  if (trigger_.ns) text += fmt::format(", {}", text::time_text(*trigger_.ns, 1'000'000'000));
  if (lost_ > 0) text += fmt::format(", {} lost", lost_);
  return text + what_is_missing();
}

}  // namespace arena_shm::recording
