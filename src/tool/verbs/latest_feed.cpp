#include "tool/verbs/latest_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "recording/lane_order.hpp"
#include "recording/lanes.hpp"
#include "recording/record_view.hpp"
#include "schema/record_formatter.hpp"
#include "schema/record_time.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

LatestFeed::LatestFeed(const LatestAsked& asked, recording::Attendant& attendant)
    : asked_(asked),
      attendant_(attendant),
      named_(asked.follow ? open_named() : nullptr),
      view_(named_ ? *named_->view() : open()),
      shape_(shape_of(view_.info())),
      stream_(named_ ? follow() : look()),
      newest_(shape_.schema->select(schema::split_names(asked.by, *shape_.schema)).fields),
      row_(shape_) {
  stream_->on_gap([this](const Gap& gap) { lost_ += gap.count(); });
  stream_->on_new_arena([this](const Info& info) { begin(info); });
  begin(view_.info());
}

// Lanes without times come one after the other: the time field tells which value is newer, else its number.
void LatestFeed::begin(const Info& info) {
  newest_.restart(info.lanes);
  are_lanes_apart_ = info.lanes > 1 && info.clock == arena_shm::Clock::none;
  time_field_ = are_lanes_apart_ ? schema::time_field(*shape_.schema) : std::nullopt;
  if (!are_lanes_apart_ || time_field_) return;
  attendant_.note(
      fmt::format("'{}': its lanes have no times, and its records no time field: of a key in several lanes, it is a "
                  "guess by sequence numbers which value is the newest",
                  info.name));
}

std::uint64_t LatestFeed::rank() {
  if (!are_lanes_apart_) return 0;
  if (!time_field_) return stream_->seq();
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;  // so the order of signed numbers is that of unsigned ones
  if (const auto ns = schema::time_ns(*time_field_, row_.record())) return static_cast<std::uint64_t>(*ns) ^ kSign;
  return schema::unsigned_time_ns(*time_field_, row_.record()) == 0 ? 0 : ~std::uint64_t{0};  // beyond either end
}

RawView LatestFeed::open() const {
  return open_or_tell("create it first", [&] { return RawView::open(asked_.name); });
}

// There has to be one to begin with.
std::unique_ptr<recording::NamedStream> LatestFeed::open_named() const {
  for (;;) {
    open();
    auto stream = std::make_unique<recording::NamedStream>(asked_.name, From::oldest,
                                                           recording::patient_reader(Order::time), attendant_);
    if (stream->view() != nullptr) return stream;
  }
}

recording::RecordShape LatestFeed::shape_of(const Info& info) const {
  recording::RecordShape shape{.size_bytes = info.record.size_bytes,
                               .schema = recording::schema_for(info, asked_.as, attendant_)};
  if (!shape.schema) recording::refuse_without_schema(info, "find the keys of");
  shape.has_time = recording::has_time_column(info, shape.schema);
  return shape;
}

std::unique_ptr<recording::ValueStream> LatestFeed::follow() {
  named_->select(recording::selection_of(asked_.where, view_.info(), shape_.schema));
  named_->begin(shape_, {}, {.first = place_in(view_, From::oldest)});
  return std::move(named_);
}

std::unique_ptr<recording::ValueStream> LatestFeed::look() {
  const Position heads = place_in(view_, From::newest);
  extent_ = recording::Extent{.first = recording::place_of(From::oldest, heads, view_.slots() / view_.lanes()),
                              .end = heads,
                              .where = asked_.where};
  return std::make_unique<recording::ArenaStream>(view_, *extent_, shape_, attendant_);
}

void LatestFeed::read_until(Clock::time_point end) {
  using Step = recording::ValueStream::Step;
  constexpr std::uint64_t kBetweenLooks = 256;
  for (std::uint64_t i = 1; !stream_->is_finished(); ++i) {
    switch (stream_->next(row_)) {
      case Step::value:
        ++read_;
        newest_.put(stream_->seq(), row_.bytes(), row_.record(), rank());
        break;
      case Step::passed: break;
      case Step::none: {
        const auto left = std::chrono::floor<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0) return;
        stream_->wait_for(std::min(left, kLongestWait));
        break;
      }
    }
    if (i % kBetweenLooks == 0 && (Clock::now() >= end || attendant_.stop_requested())) return;
  }
}

std::string LatestFeed::account() const {
  return fmt::format("read {}{}, found {}{}", text::counted(read_, "value"),
                     recording::left_out_text(stream_->selection()), text::counted(newest_.size(), "key"),
                     lost_ > 0 ? fmt::format(", lost {}", lost_) : "");
}

}  // namespace arena_shm::tool
