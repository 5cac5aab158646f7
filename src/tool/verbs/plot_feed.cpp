#include "tool/verbs/plot_feed.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "recording/lane_order.hpp"
#include "recording/lanes.hpp"
#include "recording/record_view.hpp"
#include "schema/record_time.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

PlotFeed::PlotFeed(const PlotAsked& asked, From from, recording::Attendant& attendant)
    : stream_(asked.name, from, recording::patient_reader(Order::time), attendant) {
  while (stream_.view() == nullptr) {
    if (attendant.stop_requested()) return;
    stream_.wait_for(std::chrono::milliseconds(50));
  }
  const RawView& view = *stream_.view();
  const Info& info = view.info();
  shape_ = {.size_bytes = info.record.size_bytes, .schema = recording::schema_for(info, asked.as, attendant)};
  if (!shape_.schema) recording::refuse_without_schema(info, "draw the values of");
  shape_.has_time = recording::has_time_column(info, shape_.schema);
  time_field_ = schema::time_field(*shape_.schema);
  has_times_ = time_field_ || shape_.has_time;
  series_ = plot::series_of(info.name, *shape_.schema, asked.fields);
  values_.resize(series_.size());
  std::optional<recording::Since> since;
  if (asked.span.is_given()) since.emplace(asked.span, info, shape_.schema);
  recording::NamedStream::Begin begin;
  const Position heads = view.reader(From::newest, {.doorbell = false}).position();
  const Position first = view.reader(asked.span.has_begin() ? From::oldest : from, {.doorbell = false}).position();
  if (stream_.was_there()) begin.first = first;
  there_ = recording::count_between(first, heads);
  stream_.on_gap([this](const Gap& gap) { lost_ += gap.count(); });
  stream_.begin(shape_, std::move(since), std::move(begin));
  row_.emplace(shape_);
}

bool PlotFeed::next() {
  while (!terminal::stop_requested()) {
    const auto step = stream_.next(*row_);
    if (step == recording::ValueStream::Step::none) return false;
    ++read_;
    if (step == recording::ValueStream::Step::passed) continue;
    const std::span<const std::byte> record = row_->record();
    if (time_field_)
      at_ = schema::time_ns(*time_field_, record).value_or(std::numeric_limits<std::int64_t>::max() / 2);
    else
      at_ = shape_.has_time ? recording::time_of_row(row_->bytes()) : static_cast<std::int64_t>(stream_.seq());
    for (std::size_t i = 0; i < series_.size(); ++i) values_[i] = series_[i].value(record);
    ++points_;
    return true;
  }
  return false;
}

terminal::ExitCode PlotFeed::conclude() const {
  if (failure()) return report(*failure());
  return lost_ > 0 ? terminal::ExitCode::lost : terminal::ExitCode::ok;
}

void PlotFeed::tell_none(const std::string& besides) const {
  terminal::note(
      fmt::format("'{}': there are no values to draw{}{}", stream_.view()->info().name, lost_text(), besides));
}

std::string PlotFeed::lost_text() const { return lost_ > 0 ? fmt::format(", lost {}", lost_) : ""; }

}  // namespace arena_shm::tool
