#include "recording/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "recording/lane_order.hpp"
#include "recording/lanes.hpp"
#include "recording/record_view.hpp"
#include "recording/since.hpp"
#include "schema/record_formatter.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

using Clock = std::chrono::steady_clock;

// A reader on one side, files on the other, gaps in between.
class Recorder {
 public:
  Recorder(const RawView& view, const Extent& extent, const FileOptions& file, RecordShape record, Attendant& attendant)
      : view_(view),
        extent_(extent),
        reader_(reader_in_order(view, extent.first,
                                {.manner = Manner::throughput,
                                 .hold = kHold,
                                 .doorbell = false,
                                 .order = order_for(view.info(), extent.order, attendant)},
                                attendant)),
        progress_(extent.first),
        since_(since_of(extent, view.info(), record)),
        row_(record),
        writer_(file, std::move(record)),
        attendant_(attendant) {
    if (row_.has_time() || (since_ && since_->needs_value_time())) timescale_.emplace(view.timescale());
    if (extent.end) progress_.end_at(*extent.end);
    reader_.reader.on_gap([this](const Gap& gap) { add(gap); });
  }

  Recorded run() {
    Recorded recorded;
    try {
      follow();
      writer_.finish();
    } catch (const Error& error) {
      recorded.failure = error;
    }
    attendant_.show_progress("");
    tell_order(view_.info(), late_, reader_.is_exact(), attendant_);
    recorded.lost = lost_;
    recorded.summary = summary(writer_.saved_rows()) + lag();
    return recorded;
  }

 private:
  // Nobody waits for what goes into a file: a writer that is preempted is given time to come back.
  static constexpr std::chrono::milliseconds kHold{20};
  static constexpr std::chrono::milliseconds kLongestWait{50};    // until a signal is looked for again
  static constexpr std::chrono::milliseconds kBetweenSaves{250};  // what a crash can cost
  static constexpr std::chrono::milliseconds kBetweenLines{500};
  static constexpr std::uint64_t kBetweenTicks = 1024;  // in values

  void follow() {
    while (!is_finished()) {
      if (const auto seq = reader_.reader.next(row_.record())) {
        if (!progress_.take(*seq)) continue;  // other lanes are not at their ends yet
        if (!take_time(*seq)) continue;
        if (reader_.is_late()) ++late_;
        if (!writer_.append(*seq, row_.bytes())) return;  // gaps in front of it are no longer asked for
        ++count_;
        if (!gaps_.empty()) tell_gaps();
        if (count_ % kBetweenTicks == 0) tick();
      } else {
        reader_.reader.wait_for(kLongestWait);
        tell_gaps();
        tick();
        tell_retired();
      }
    }
    tell_gaps();
  }

  static std::optional<Since> since_of(const Extent& extent, const Info& info, const RecordShape& record) {
    if (!extent.since) return std::nullopt;
    return Since(*extent.since, info, record.schema);
  }

  // Returns: is the value wanted?
  bool take_time(std::uint64_t seq) {
    const std::int64_t ns = timescale_ ? timescale_->nanoseconds(reader_.reader.time()) : 0;
    if (row_.has_time()) row_.set_time(ns);
    return !since_ || since_->next_is_wanted(seq, row_.record(), ns);
  }

  bool is_finished() const {
    return attendant_.stop_requested() || is_late_ || count_ >= extent_.count || progress_.is_finished();
  }

  void tick() {
    const auto now = Clock::now();
    is_late_ = extent_.duration && now - begin_ >= *extent_.duration;
    if (now - saved_ >= kBetweenSaves) {
      writer_.flush();
      saved_ = now;
    }
    if (now - shown_ >= kBetweenLines) {
      attendant_.show_progress(summary(count_));
      shown_ = now;
    }
  }

  void tell_retired() {
    if (retired_ || !view_.retired()) return;
    retired_ = true;
    attendant_.note(fmt::format("arena '{}' was removed or replaced; still following the old arena", view_.name()));
  }

  // Held back until it is clear that the value behind it is wanted, too.
  void add(const Gap& gap) {
    const bool is_first = !progress_.has_begun(gap.first);
    const auto wanted = progress_.lose(gap);
    if (!wanted || (is_first && gap.cause == Loss::overwritten && !extent_.first_is_exact)) return;
    if (since_ && !since_->has_begun(gap.first)) return;
    gaps_.push_back(*wanted);
  }

  void tell_gaps() {
    for (const Gap& gap : gaps_) {
      lost_ += gap.count();
      ++gap_count_;
      attendant_.tell(schema::describe(gap));
    }
    gaps_.clear();
  }

  std::string summary(std::uint64_t count) const {
    const std::string gaps = lost_ > 0 ? " in " + text::counted(gap_count_, "gap") : "";
    return fmt::format("recorded {}, lost {}{}, {}", count, lost_, gaps, writer_.size_text());
  }

  // What a stop left in the ring, or in a pipe that nobody empties.
  std::string lag() const {
    if (!attendant_.stop_requested()) return "";
    const std::uint64_t unread = extent_.end ? count_between(progress_.next(), *extent_.end) : reader_.reader.lag();
    const std::uint64_t behind = unread + count_ - writer_.saved_rows();
    return behind > 0 ? fmt::format("; stopped {} behind the head", text::counted(behind, "value")) : "";
  }

  const RawView& view_;
  const Extent& extent_;
  OrderedReader reader_;
  LaneProgress progress_;
  std::optional<Since> since_;
  Row row_;
  std::optional<Timescale> timescale_;  // if times are asked for
  RecordingWriter writer_;
  Attendant& attendant_;
  std::vector<Gap> gaps_;
  std::uint64_t count_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t gap_count_ = 0;
  std::uint64_t late_ = 0;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point saved_ = begin_;
  Clock::time_point shown_ = begin_;
  bool is_late_ = false;
  bool retired_ = false;
};

}  // namespace

RecordShape shape_for(const Info& info, const FileOptions& file, const std::string& as, Attendant& attendant) {
  RecordShape shape{.size_bytes = info.record.size_bytes, .schema = schema_for(info, as, attendant)};
  if (!shape.schema && file_format(file) != FileFormat::npy) refuse_without_schema(info, "decode the records of");
  shape.has_time = has_time_column(info, shape.schema);
  return shape;
}

Recorded record_arena(const RawView& view, const Extent& extent, const FileOptions& file, const std::string& as,
                      Attendant& attendant) {
  return Recorder(view, extent, file, shape_for(view.info(), file, as, attendant), attendant).run();
}

}  // namespace arena_shm::recording
