#include "tool/verbs/tail_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "recording/cursor_file.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

// One run of the verb: a reader on one side, a formatter on the other, gaps in between.
class Tail {
 public:
  Tail(const TailOptions& options, TailInput& input, schema::RecordFormatter& formatter)
      : options_(options),
        input_(input),
        formatter_(formatter),
        cursor_file_(options.cursor_file.empty()
                         ? std::nullopt
                         : std::make_optional<recording::CursorFile>(options.cursor_file, input.info().epoch)),
        cursor_(cursor_file_ ? cursor_file_->load(terminal_attendant()) : std::nullopt),
        window_(window_of(options.asked, cursor_, input.head(), input.info().slots)),
        record_(input.info().record.size_bytes) {}

  terminal::ExitCode run() {
    terminal::catch_stop_signals();
    note_shortfall();
    print_heading();
    input_.begin(window_.first, [this](const Gap& gap) { report(gap); });
    while (!is_finished()) {
      if (const auto seq = input_.next(record_)) {
        if (*seq >= window_.end) break;
        ++read_;
        next_ = *seq + 1;
        if (*seq % options_.asked.every != 0) continue;
        formatter_.record(output_.text(), *seq, record_);
        output_.end_row();
        gathered_.push_back({.seq = *seq, .end = output_.text().size()});
        ++printed_;
        if (output_.is_large()) deliver();
      } else {
        wait();
      }
    }
    flush();
    tell_left_out();
    summarise();
    return lost_ > 0 ? terminal::ExitCode::lost : terminal::ExitCode::ok;
  }

 private:
  void note_shortfall() const {
    if (cursor_) return;  // that there is nothing new since then is ordinary
    const std::string text = shortfall_of(options_.asked, window_, input_.head(), input_.info().slots);
    if (!text.empty()) terminal::note(fmt::format("'{}': {}", input_.info().name, text));
  }

  bool is_finished() const {
    return terminal::stop_requested() || printed_ >= window_.count || input_.cursor() >= window_.end;
  }

  // The cursor goes to its file after the values: who is killed in between sees some of them twice, and misses none.
  void flush() {
    deliver();
    if (cursor_file_) cursor_file_->store(position());
  }

  // A stop while nobody empties the pipe leaves some of them over.
  void deliver() {
    const std::size_t bytes = output_.flush();
    const auto left = std::ranges::upper_bound(gathered_, bytes, {}, &Gathered::end);
    if (left != gathered_.end()) {
      printed_ -= static_cast<std::uint64_t>(gathered_.end() - left);
      if (!cut_) cut_ = left->seq;
    }
    gathered_.clear();
  }

  // The first value that is not out.
  std::uint64_t position() const noexcept { return cut_.value_or(next_); }

  void print_heading() {
    // A table fits its columns to what is there already.
    constexpr std::uint64_t kMeasured = 50;
    const std::uint64_t oldest = input_.oldest();
    std::uint64_t seq = std::max(oldest, window_.first - std::min(window_.first, kMeasured));
    for (; seq < std::min(window_.first, input_.head()); ++seq) {
      if (input_.read(seq, record_)) formatter_.precede(seq, record_);
    }
    seq = std::max(window_.first, oldest);
    for (std::uint64_t i = 0; i < kMeasured && seq < input_.head(); ++i, ++seq) {
      if (input_.read(seq, record_)) formatter_.measure(seq, record_);
    }
    formatter_.heading(output_.text());
    if (const std::size_t hidden = formatter_.hidden_column_count(); hidden > 0)
      terminal::note(fmt::format("no room for {}; choose fields with --fields, or print all with --format ndjson",
                                 text::counted(hidden, "more field")));
  }

  void wait() {
    constexpr std::chrono::milliseconds kLongestWait{50};  // until a signal, or a closed pipe, is looked for again
    flush();
    if (input_.wait_for(kLongestWait)) return;
    terminal::Output::check_open();
    if (!retired_ && input_.retired()) {
      retired_ = true;
      terminal::note(
          fmt::format("arena '{}' was removed or replaced; still following the old arena", input_.info().name));
    }
  }

  // Only what was asked for counts as lost: not what is beyond the end, and not what was overwritten before the first
  // value came, if the oldest or the last so many were asked for.
  void report(Gap gap) {
    if (gap.first >= window_.end) return;
    const bool from_what_is_there = !cursor_ && (options_.asked.from.empty() || options_.asked.from == "oldest");
    if (read_ == 0 && gap.cause == Loss::overwritten && from_what_is_there) return;
    gap.last = std::min(gap.last, window_.end - 1);
    next_ = gap.last + 1;
    lost_ += gap.count();
    ++gaps_;
    if (options_.gaps_inline) {
      formatter_.gap(output_.text(), gap);
      output_.end_row();
    } else {
      deliver();  // on a terminal both come in their order
      terminal::plain_note(schema::describe(gap));
    }
  }

  void summarise() const {
    if (const std::string note = formatter_.altered_note(); !note.empty()) terminal::note(note);
    if (!options_.asked.follow && lost_ == 0 && !cut_) return;
    std::string text = "read " + text::counted(read_, "value");
    if (printed_ != read_) text += fmt::format(", printed {}", printed_);
    if (lost_ > 0) text += fmt::format(", lost {} in {}", lost_, text::counted(gaps_, "gap"));
    terminal::note(text + lag());
  }

  void tell_left_out() const {
    const std::uint64_t count = formatter_.left_out_count();
    if (count == 0) return;
    terminal::note(
        fmt::format("left out {} above 9223372036854775807, the most that the suffix i allows; for InfluxDB 2, use "
                    "--unsigned-suffix u",
                    text::counted(count, "integer")));
  }

  // How far behind a stop has come.
  std::string lag() const {
    if (!terminal::stop_requested()) return "";
    const std::uint64_t end = std::min(input_.head(), window_.end);
    if (position() >= end) return "";
    std::string text = fmt::format("; stopped {} behind the head", text::counted(end - position(), "value"));
    const std::uint64_t oldest = std::min(input_.oldest(), end);
    if (oldest > position()) text += fmt::format(", {} of them already overwritten", oldest - position());
    return text;
  }

  struct Gathered {
    std::uint64_t seq = 0;
    std::size_t end = 0;  // of its text
  };

  const TailOptions& options_;
  TailInput& input_;
  schema::RecordFormatter& formatter_;
  std::optional<recording::CursorFile> cursor_file_;
  std::optional<std::uint64_t> cursor_;  // where an earlier run ended
  Window window_;
  std::vector<std::byte> record_;
  terminal::Output output_;
  std::vector<Gathered> gathered_;    // what is in output_
  std::optional<std::uint64_t> cut_;  // the first one that a stop kept from coming out
  std::uint64_t read_ = 0;
  std::uint64_t printed_ = 0;  // of those
  std::uint64_t next_ = window_.first;
  std::uint64_t lost_ = 0;
  std::uint64_t gaps_ = 0;
  bool retired_ = false;
};

}  // namespace

terminal::ExitCode run_tail(const TailOptions& options, TailInput& input, schema::RecordFormatter& formatter) {
  return Tail(options, input, formatter).run();
}

}  // namespace arena_shm::tool
