#include "tool/recorder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "schema/record_formatter.hpp"
#include "tool/output.hpp"
#include "tool/record_view.hpp"
#include "tool/signals.hpp"

namespace arena_shm::tool {

namespace {

using Clock = std::chrono::steady_clock;

// A line on the terminal that is written again and again; nothing elsewhere.
class Progress {
 public:
  void show(const std::string& text) {
    if (!is_terminal_) return;
    write('\r' + text + std::string(width_ > text.size() ? width_ - text.size() : 0, ' '));
    width_ = text.size();
  }

  void clear() {
    if (width_ == 0) return;
    write('\r' + std::string(width_, ' ') + '\r');
    width_ = 0;
  }

 private:
  static void write(const std::string& text) { static_cast<void>(::write(STDERR_FILENO, text.data(), text.size())); }

  bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::size_t width_ = 0;
};

// A reader on one side, files on the other, gaps in between.
class Recorder {
 public:
  Recorder(const RawView& view, const Extent& extent, const FileOptions& file, RecordShape record)
      : view_(view),
        extent_(extent),
        reader_(view.reader(From::at(extent.first), {.manner = Manner::throughput, .hold = kHold, .doorbell = false})),
        writer_(file, std::move(record)),
        record_(view.info().record.size_bytes) {
    reader_.on_gap([this](const Gap& gap) { add(gap); });
  }

  ExitCode run() {
    ExitCode code = ExitCode::ok;
    try {
      follow();
      writer_.finish();
    } catch (const Error& error) {
      progress_.clear();
      code = report(error);
    }
    progress_.clear();
    note(summary(writer_.saved_rows()));
    if (code != ExitCode::ok) return code;
    return lost_ > 0 ? ExitCode::lost : ExitCode::ok;
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
      if (const auto seq = reader_.next(record_)) {
        if (*seq >= extent_.end) return tell_gaps();
        if (!writer_.append(*seq, record_)) return;  // gaps in front of it are no longer asked for
        ++count_;
        if (!gaps_.empty()) tell_gaps();
        if (count_ % kBetweenTicks == 0) tick();
      } else {
        reader_.wait_for(kLongestWait);
        tell_gaps();
        tick();
        tell_retired();
      }
    }
    tell_gaps();
  }

  bool is_finished() const {
    return stop_requested() || is_late_ || count_ >= extent_.count || reader_.cursor() >= extent_.end;
  }

  void tick() {
    const auto now = Clock::now();
    is_late_ = extent_.duration && now - begin_ >= *extent_.duration;
    if (now - saved_ >= kBetweenSaves) {
      writer_.flush();
      saved_ = now;
    }
    if (now - shown_ >= kBetweenLines) {
      progress_.show(summary(count_));
      shown_ = now;
    }
  }

  void tell_retired() {
    if (retired_ || !view_.retired()) return;
    retired_ = true;
    progress_.clear();
    note(fmt::format("the name '{}' is gone, or leads to another arena; still following the old one", view_.name()));
  }

  // Held back until it is clear that the value behind it is wanted, too.
  void add(Gap gap) {
    if (gap.first >= extent_.end) return;
    if (count_ == 0 && gap.cause == Loss::overwritten && !extent_.first_is_exact) return;
    gap.last = std::min(gap.last, extent_.end - 1);
    gaps_.push_back(gap);
  }

  void tell_gaps() {
    for (const Gap& gap : gaps_) {
      lost_ += gap.count();
      ++gap_count_;
      progress_.clear();
      plain_note(schema::describe(gap));
    }
    gaps_.clear();
  }

  std::string summary(std::uint64_t count) const {
    const std::string gaps = lost_ > 0 ? " in " + counted(gap_count_, "gap") : "";
    return fmt::format("recorded {}, lost {}{}, {}", count, lost_, gaps, writer_.size_text());
  }

  const RawView& view_;
  const Extent& extent_;
  RawReader reader_;
  RecordingWriter writer_;
  Progress progress_;
  std::vector<std::byte> record_;
  std::vector<Gap> gaps_;
  std::uint64_t count_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t gap_count_ = 0;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point saved_ = begin_;
  Clock::time_point shown_ = begin_;
  bool is_late_ = false;
  bool retired_ = false;
};

}  // namespace

RecordShape shape_for(const Info& info, const FileOptions& file, const std::string& as) {
  RecordShape shape{.size_bytes = info.record.size_bytes, .schema = schema_for(info, as)};
  if (!shape.schema && file_format(file) != FileFormat::npy)
    refuse_without_schema(info, "write as text the records of");
  return shape;
}

ExitCode record_arena(const RawView& view, const Extent& extent, const FileOptions& file, const std::string& as) {
  return Recorder(view, extent, file, shape_for(view.info(), file, as)).run();
}

}  // namespace arena_shm::tool
