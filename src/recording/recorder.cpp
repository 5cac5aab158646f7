#include "recording/recorder.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "recording/named_stream.hpp"
#include "recording/record_view.hpp"
#include "schema/record_formatter.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

using Clock = std::chrono::steady_clock;

// A reader on one side, files on the other, gaps in between.
class Recorder {
 public:
  Recorder(ValueStream& stream, const Limits& limits, const FileOptions& file, RecordShape record, Attendant& attendant)
      : stream_(stream), limits_(limits), row_(record), writer_(file, std::move(record)), attendant_(attendant) {
    // Held back until it is clear that the value behind it is wanted, too.
    stream_.on_gap([this](const Gap& gap) { gaps_.push_back(gap); });
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
    if (!recorded.failure) recorded.failure = stream_.failure();
    stream_.tell_order(late_);
    recorded.lost = lost_;
    recorded.summary = summary(writer_.saved_rows()) + lag();
    return recorded;
  }

 private:
  static constexpr std::chrono::milliseconds kLongestWait{50};    // until a signal is looked for again
  static constexpr std::chrono::milliseconds kBetweenSaves{250};  // what a crash can cost
  static constexpr std::chrono::milliseconds kBetweenLines{500};
  static constexpr std::uint64_t kBetweenTicks = 1024;  // in values

  void follow() {
    while (!is_finished()) {
      switch (stream_.next(row_)) {
        case ValueStream::Step::passed: continue;
        case ValueStream::Step::value:
          if (stream_.is_late()) ++late_;
          if (!writer_.append(stream_.seq(), row_.bytes())) return;  // gaps in front of it are no longer asked for
          ++count_;
          if (!gaps_.empty()) tell_gaps();
          if (count_ % kBetweenTicks == 0) tick();
          continue;
        case ValueStream::Step::none: break;
      }
      stream_.wait_for(kLongestWait);
      tell_gaps();
      tick();
    }
    tell_gaps();
  }

  bool is_finished() const {
    return attendant_.stop_requested() || is_late_ || count_ >= limits_.count || stream_.is_finished();
  }

  void tick() {
    const auto now = Clock::now();
    is_late_ = limits_.duration && now - begin_ >= *limits_.duration;
    if (now - saved_ >= kBetweenSaves) {
      writer_.flush();
      saved_ = now;
    }
    if (now - shown_ >= kBetweenLines) {
      attendant_.show_progress(summary(count_));
      shown_ = now;
    }
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
    const std::uint64_t behind = stream_.unread_count() + count_ - writer_.saved_rows();
    return behind > 0 ? fmt::format("; stopped {} behind the head", text::counted(behind, "value")) : "";
  }

  ValueStream& stream_;
  const Limits& limits_;
  Row row_;
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
};

}  // namespace

RecordShape shape_for(const Info& info, const FileOptions& file, const std::string& as, Attendant& attendant) {
  RecordShape shape{.size_bytes = info.record.size_bytes, .schema = schema_for(info, as, attendant)};
  if (!shape.schema && file_format(file) != FileFormat::npy) refuse_without_schema(info, "decode the records of");
  shape.has_time = has_time_column(info, shape.schema);
  return shape;
}

Recorded record_arena(const RawView& view, const Extent& extent, const Limits& limits, const FileOptions& file,
                      const std::string& as, Attendant& attendant) {
  RecordShape shape = shape_for(view.info(), file, as, attendant);
  ArenaStream stream(view, extent, shape, attendant);
  return Recorder(stream, limits, file, std::move(shape), attendant).run();
}

Recorded record_name(const std::string& name, const NamedExtent& extent, const Limits& limits, const FileOptions& file,
                     const std::string& as, Attendant& attendant) {
  file_format(file);  // what is refused is refused at once
  NamedStream stream(name, extent.from, recording_reader(extent.order.value_or(Order::time)), attendant);
  while (stream.view() == nullptr) {
    if (attendant.stop_requested()) return {.failure = {}, .lost = 0, .summary = "recorded nothing"};
    stream.wait_for(std::chrono::milliseconds(50));
  }
  const RawView& view = *stream.view();
  RecordShape shape = shape_for(view.info(), file, as, attendant);
  std::optional<Since> since;
  if (extent.since) since.emplace(*extent.since, view.info(), shape.schema);
  NamedStream::Begin begin{.first = {}, .is_exact = extent.from.is_seq()};
  if (stream.was_there()) begin.first = view.reader(extent.from, {.doorbell = false}).position();
  stream.begin(shape, std::move(since), std::move(begin));
  return Recorder(stream, limits, file, std::move(shape), attendant).run();
}

}  // namespace arena_shm::recording
