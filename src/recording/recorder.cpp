#include "recording/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "recording/consumer_stream.hpp"
#include "recording/named_stream.hpp"
#include "recording/origin.hpp"
#include "recording/record_view.hpp"
#include "schema/record_formatter.hpp"
#include "text/quantities.hpp"

namespace arena_shm::recording {

namespace {

// A reader on one side, files on the other, gaps in between.
class Recorder {
 public:
  Recorder(ValueStream& stream, const Limits& limits, RecordingWriter& writer, const RecordShape& record,
           Attendant& attendant)
      : stream_(stream), limits_(limits), row_(record), writer_(writer), attendant_(attendant) {
    // Held back until it is clear that the value behind it is wanted, too.
    stream_.on_gap([this](const Gap& gap) { gaps_.push_back(gap); });
    stream_.on_new_arena([this](const Info& info) {
      record_gaps();
      writer_.restart(epoch_text(info));
    });
  }

  Recorded run() {
    Recorded recorded;
    try {
      follow();
      writer_.finish();
      if (!is_full_) stream_.release();
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
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds kLongestWait{50};    // until a signal is looked for again
  static constexpr std::chrono::milliseconds kBetweenSaves{250};  // what a crash can cost
  static constexpr std::chrono::milliseconds kBetweenLines{500};
  static constexpr std::uint64_t kBetweenTicks = 1024;  // in values

  void follow() {
    while (!is_finished()) {
      switch (stream_.next(row_)) {
        case ValueStream::Step::passed: pass(); continue;
        case ValueStream::Step::value:
          if (!take()) return;  // gaps in front of it are no longer asked for
          if (++unreleased_ >= stream_.release_after()) save();
          continue;
        case ValueStream::Step::none: break;
      }
      if (unreleased_ > 0 && is_waited_for_) save();
      stream_.wait_for(kLongestWait);
      record_gaps();
      tick();
    }
    record_gaps();
  }

  // One that is not wanted is done with, too.
  void pass() {
    if (++unreleased_ >= stream_.release_after()) save();
    if (++passed_ % kBetweenTicks != 0) return;
    record_gaps();  // of a filter that nothing matches, too
    tick();
  }

  // False: there is no room in the file.
  bool take() {
    if (writer_.is_repeat(stream_.seq(), row_.bytes())) return true;
    if (stream_.is_late()) ++late_;
    is_full_ = !writer_.append(stream_.seq(), row_.bytes(), gaps_);
    if (is_full_) return false;
    ++count_;
    if (!gaps_.empty()) tell_gaps();
    if (count_ % kBetweenTicks == 0) tick();
    return true;
  }

  // The rows first: who is killed in between gets them again, and they are found to be there.
  void save() {
    writer_.flush();
    stream_.release();
    unreleased_ = 0;
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

  // Nothing has come behind them.
  void record_gaps() {
    for (const Gap& gap : gaps_) writer_.append_lost(gap);
    tell_gaps();
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
    return fmt::format("recorded {}{}, lost {}{}, {}", count, left_out_text(stream_.selection()), lost_, gaps,
                       writer_.size_text());
  }

  // What a stop left in the ring, or in a pipe that nobody empties.
  std::string lag() const {
    if (!attendant_.stop_requested()) return "";
    const std::uint64_t behind = stream_.unread_count() + count_ - writer_.saved_rows();
    return behind > 0 ? fmt::format("; stopped {} behind the head", text::counted(behind, "value")) : "";
  }

  ValueStream& stream_;
  const bool is_waited_for_ = stream_.release_after() < std::numeric_limits<std::uint64_t>::max();
  const Limits& limits_;
  Row row_;
  RecordingWriter& writer_;
  Attendant& attendant_;
  std::vector<Gap> gaps_;
  std::uint64_t count_ = 0;
  std::uint64_t passed_ = 0;
  std::uint64_t unreleased_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t gap_count_ = 0;
  std::uint64_t late_ = 0;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point saved_ = begin_;
  Clock::time_point shown_ = begin_;
  bool is_late_ = false;
  bool is_full_ = false;
};

// What an earlier run has left, as a note.
void tell_rows(const RecordingWriter& writer, const std::vector<std::optional<std::uint64_t>>& newest,
               const Position& first, const std::string& path, bool is_filtered, Attendant& attendant) {
  const auto highest = newest.empty() ? std::nullopt : *std::ranges::max_element(newest);
  if (!highest) return;
  const std::uint64_t cut = writer.cut_bytes();
  attendant.note(fmt::format("going on in '{}' behind {} {}{}", path, schema::kSeqColumn, *highest,
                             cut > 0 ? "; removed " + text::counted(cut, "byte") + " of a row that was cut off" : ""));
  for (std::size_t k = 0; k < newest.size(); ++k) {
    if (is_filtered || !newest[k] || *newest[k] + newest.size() >= first.next()[k]) continue;
    attendant.note(fmt::format("the values {}..{} are not in '{}': they were lost, or went elsewhere",
                               *newest[k] + newest.size(), first.next()[k] - newest.size(), path));
  }
}

void refuse_gone_consumer(const std::string& path, const std::string& arena, const std::string& consumer) {
  throw Error(Code::invalid_argument,
              {.name = path,
               .doing = "go on with",
               .expected = fmt::format("that '{}' keeps the place of a durable consumer '{}'", arena, consumer),
               .found = "that it does not: the rows are of another arena, or the consumer was removed",
               .remedy = "choose another file, or replace this one with --force"});
}

}  // namespace

RecordShape shape_for(const Info& info, const FileOptions& file, const std::string& as, Attendant& attendant) {
  RecordShape shape{
      .size_bytes = info.record.size_bytes, .schema = schema_for(info, as, attendant), .origin = origin_of(info)};
  shape.origin.is_live = true;
  if (!shape.schema && !keeps_bytes(file_format(file))) refuse_without_schema(info, "decode the records of");
  shape.has_time = has_time_column(info, shape.schema);
  return shape;
}

Recorded record_arena(const RawView& view, const Extent& extent, const Limits& limits, const FileOptions& file,
                      const std::string& as, Attendant& attendant) {
  const RecordShape shape = shape_for(view.info(), file, as, attendant);
  ArenaStream stream(view, extent, shape, attendant);
  RecordingWriter writer(file, shape);
  return Recorder(stream, limits, writer, shape, attendant).run();
}

Recorded record_consumer(const RawArena& arena, const ConsumerWish& wish, const Limits& limits, FileOptions file,
                         const std::string& as, const std::optional<std::string>& where, Attendant& attendant) {
  require_lossless(arena.info());
  const RecordShape shape = shape_for(arena.info(), file, as, attendant);
  file.goes_on = true;
  RecordingWriter writer(file, shape);
  if (writer.has_rows() && !keeps_place(arena, wish)) refuse_gone_consumer(file.path, arena.name(), wish.name);
  std::optional<ConsumerStream> stream;
  try {
    stream.emplace(arena, wish, shape, where, attendant);
  } catch (const Error&) {
    writer.discard();
    throw;
  }
  const Position first = stream->position();
  const std::uint64_t may_come_again = 2 * arena.slots();  // a lap of values, and what came late among them
  tell_rows(writer, writer.resume(may_come_again, first, arena.head()), first, file.path, where.has_value(), attendant);
  return Recorder(*stream, limits, writer, shape, attendant).run();
}

Recorded record_name(const std::string& name, const NamedExtent& extent, const Limits& limits, const FileOptions& file,
                     const std::string& as, Attendant& attendant) {
  file_format(file);  // what is refused is refused at once
  NamedStream stream(name, extent.from, patient_reader(extent.order.value_or(Order::time)), attendant);
  while (stream.view() == nullptr) {
    if (attendant.stop_requested()) return {.failure = {}, .lost = 0, .summary = "recorded nothing"};
    stream.wait_for(std::chrono::milliseconds(50));
  }
  const RawView& view = *stream.view();
  const RecordShape shape = shape_for(view.info(), file, as, attendant);
  if (extent.order) order_for(view.info(), extent.order, attendant);  // tells what it has not
  std::optional<Since> since;
  if (extent.span.is_given()) since.emplace(extent.span, view.info(), shape.schema);
  NamedStream::Begin begin{.first = {}, .is_exact = extent.from_is_exact};
  if (stream.was_there()) begin.first = view.reader(extent.from, {.doorbell = false}).position();
  stream.select(selection_of(extent.where, view.info(), shape.schema));
  stream.begin(shape, std::move(since), std::move(begin));
  RecordingWriter writer(file, shape);
  return Recorder(stream, limits, writer, shape, attendant).run();
}

}  // namespace arena_shm::recording
