#include "tool/verbs/tail_ring.hpp"

#include <limits>
#include <utility>

#include "recording/lane_order.hpp"
#include "schema/record_time.hpp"
#include "text/time_text.hpp"
#include "tool/views/report.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

TailRing::TailRing(std::string name, bool by_name) : name_(std::move(name)) {
  if (!by_name) {
    view_.emplace(open_or_tell("wait for it with -F", [&] { return RawView::open(name_); }));
    return;
  }
  named_ = std::make_unique<recording::NamedStream>(name_, From::oldest, recording::patient_reader(Order::time),
                                                    terminal_attendant());
  is_named_ = named_.get();
}

bool TailRing::has_come() {
  if (is_known()) return false;
  if (view_ || named_->view() != nullptr) return true;
  named_->wait_for({});
  return named_->view() != nullptr;
}

bool TailRing::is_gone() const {
  if (!stream_ || !view().retired()) return false;
  return !view().has_writers() && stream_->unread_count() == 0;  // in this order: who had a seat has written by then
}

void TailRing::know(Printing printing, std::optional<Order> order) {
  const Info& info = view().info();
  printing_ = std::move(printing);
  shape_ = printing_->tail.shape;
  if (shape_.schema) time_field_ = schema::time_field(*shape_.schema);
  if (!time_field_) shape_.has_time = info.clock != Clock::none;  // also where it is not shown
  has_times_ = order != Order::arrival && (time_field_ || shape_.has_time);
  if (!has_times_ && order != Order::arrival) {
    throw Error(Code::invalid_argument,
                {.name = name_,
                 .doing = "merge by time the values of",
                 .expected = "an arena with times, or a time field: a single integer in ns, us, ms or s",
                 .found = "neither",
                 .remedy = "create the arena with --time, or name the time field in its schema; --order arrival takes "
                           "values as they are found"});
  }
  row_.emplace(shape_);
  const bool shows_time = printing_->tail.shape.has_time;
  shown_ = shows_time ? std::as_const(*row_).bytes() : row_->record();
}

std::optional<std::int64_t> TailRing::begin_of_last(const recording::TimeSpan& span) const {
  recording::Since since({.last_ns = span.last_ns}, view().info(), shape_.schema);
  recording::tell_newest(since, view());
  return since.begin_ns();
}

void TailRing::begin_there(const Window& window, const Wanted& wanted) {
  const Position heads = view().reader(From::newest, {.doorbell = false}).position();
  extent_ = recording::Extent{.first = window.first,
                              .first_is_exact = false,
                              .end = recording::lower_of(window.end, heads),
                              .order = wanted.order,
                              .span = wanted.span,
                              .where = wanted.where};
  stream_ = std::make_unique<recording::ArenaStream>(view(), *extent_, shape_, terminal_attendant());
  report_to_owner();
}

void TailRing::begin_coming(const Wanted& wanted) {
  const bool was_there = extent_.has_value();
  const Position first = was_there ? *extent_->end : view().reader(From::at(0), {.doorbell = false}).position();
  // Where it begins is known by now: `last` is about what was there before.
  recording::TimeSpan span{.until_ns = wanted.span.until_ns};
  if (!was_there) span.since_ns = wanted.span.since_ns;
  if (is_named_ == nullptr) {
    extent_ = recording::Extent{
        .first = first, .first_is_exact = true, .end = {}, .order = wanted.order, .span = span, .where = wanted.where};
    stream_ = std::make_unique<recording::ArenaStream>(view(), *extent_, shape_, terminal_attendant());
  } else {
    std::optional<recording::Since> since;
    if (span.is_given()) since.emplace(span, view().info(), shape_.schema);
    named_->select(printing_->tail.selection);
    named_->begin(shape_, std::move(since), {.first = first, .is_exact = was_there});
    named_->on_restart([this](const Restart& restart) { report_restart_(*this, restart); });
    stream_ = std::move(named_);
  }
  report_to_owner();
}

void TailRing::report_to_owner() {
  stream_->on_gap([this](const Gap& gap) { report_gap_(*this, gap); });
}

recording::ValueStream::Step TailRing::next() { return stream_->next(*row_); }

std::int64_t TailRing::time_ns() {
  if (!has_times_) return text::realtime_ns();
  if (!time_field_) return recording::time_of_row(std::as_const(*row_).bytes());
  return schema::time_ns(*time_field_, row_->record()).value_or(std::numeric_limits<std::int64_t>::max());
}

std::uint64_t TailRing::lane_count() const noexcept {
  return is_named_ != nullptr && !named_ ? is_named_->lane_count() : view().lanes();
}

}  // namespace arena_shm::tool
