#include "tool/verbs/tail_run.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "recording/cursor_file.hpp"
#include "recording/lane_order.hpp"
#include "recording/lanes.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "text/time_text.hpp"
#include "tool/verbs/tail_absence.hpp"
#include "tool/verbs/tail_newest.hpp"
#include "tool/verbs/tail_output.hpp"
#include "tool/verbs/where.hpp"
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
                         : std::make_optional<recording::CursorFile>(options.cursor_file, input.info())),
        cursor_(cursor_file_ ? cursor_file_->load(terminal_attendant()) : input.own_place()),
        window_(window()),
        progress_(window_.first),
        since_(options.since),
        selection_(options.selection),
        row_(options.shape),
        output_(formatter, options.gaps_inline, lanes_) {
    progress_.end_at(window_.end);
    if (since_) tell_newest(*since_, input_);
    if (cursor_file_) output_.hand_over_rows();
    if (!window_.newest) return;
    newest_.emplace(*window_.newest, window_.first, recording::lower_of(window_.end, input_.heads()));
  }

  terminal::ExitCode run() {
    terminal::catch_stop_signals();
    try {
      return print();
    } catch (const terminal::OutputClosed&) {
      if (cursor_file_ && !newest_) cursor_file_->store(position());
      throw;
    }
  }

 private:
  terminal::ExitCode print() {
    // Behind a cursor, that there is nothing new since then is ordinary.
    if (!cursor_) note_shortfall(shortfall_of(options_.asked, window_, present()), input_);
    if (!newest_) print_heading();
    input_.begin(window_.first, recording::order_for(input_.info(), options_.order, terminal_attendant()),
                 [this](const Gap& gap) { report(gap); });
    while (!is_finished()) {
      if (const auto seq = input_.next(row_.record())) {
        take(*seq);
        if (newest_ && newest_->is_complete()) print_newest();
        if (++unreleased_ >= input_.release_after()) flush();
      } else {
        wait();
      }
    }
    if (newest_) print_newest();
    flush();
    output_.tell_altered();
    summarise();
    return output_.exit_code();
  }

  Present present() const { return {input_.heads(), input_.info().slots / lanes_}; }

  Window window() const {
    const Present there = present();  // first: nothing begins before what is taken for the end
    const bool is_somewhere = !cursor_ && !options_.asked.from.empty();
    return window_of(options_.asked, is_somewhere ? input_.place(from_of(options_.asked.from)) : cursor_, there);
  }

  void take(std::uint64_t seq) {
    if (newest_) newest_->pass(seq);
    if (!is_wanted(seq)) return end_idle_lanes();
    take_time();
    if (since_ && !since_->next_is_wanted(seq, row_.record(), time_ns_)) return;
    ++read_;
    if (seq / lanes_ % options_.asked.every != 0) return;
    if (selection_ && !selection_->takes(seq, row_.record(), time_ns_)) return;
    if (input_.is_late()) ++late_;
    if (newest_) return newest_->add(seq, row_.bytes());
    output_.print(seq, row_.bytes());
  }

  // What was there when it began has been looked at: these are the last ones of it.
  void print_newest() {
    newest_->print(formatter_, output_);
    newest_.reset();
  }

  // What a consumer has got does not come again: also if it comes late, or while other lanes are not at their ends.
  bool is_wanted(std::uint64_t seq) {
    const bool is_next = progress_.take(seq);
    if (shares_) return true;
    return input_.is_consumer() ? seq >= window_.first.next()[seq % lanes_] : is_next;
  }

  bool is_finished() const {
    if (terminal::stop_requested() || output_.printed() >= window_.count || progress_.is_finished()) return true;
    return options_.asked.follow && (is_past_ || (since_ && since_->is_over()));
  }

  // The cursor goes to its file after the values: who is killed in between sees some of them twice, and misses none.
  // So it is with what a consumer releases.
  void flush() {
    output_.deliver();
    if (newest_) return;  // they are not out
    if (cursor_file_) cursor_file_->store(position());
    if (output_.cut().empty()) input_.release();
    unreleased_ = 0;
  }

  // Of each lane the first value that is not out.
  Position position() const {
    std::vector<std::uint64_t> next = progress_.next().next();
    for (const auto& [lane, seq] : output_.cut()) next[lane] = seq;
    return Position(std::move(next));
  }

  void take_time() {
    if (row_.has_time() || (since_ && since_->needs_value_time()) || (selection_ && selection_->needs_time()))
      time_ns_ = input_.time_ns();
    if (row_.has_time()) row_.set_time(time_ns_);
  }

  bool look_at(std::uint64_t seq) {
    if (!input_.read(seq, row_.record(), time_ns_)) return false;
    if (row_.has_time()) row_.set_time(time_ns_);
    return !selection_ || selection_->matches(seq, row_.record(), time_ns_);
  }

  // A table fits its columns to what is there already.
  void look_around(std::uint64_t first, std::uint64_t oldest, std::uint64_t head) {
    constexpr std::uint64_t kMeasured = 50;
    const std::uint64_t count = std::max<std::uint64_t>(kMeasured / lanes_, 1);
    std::uint64_t seq = std::max(oldest, first - std::min(count, first / lanes_) * lanes_);
    for (; seq < std::min(first, head); seq += lanes_) {
      if (look_at(seq)) formatter_.precede(seq, row_.bytes());
    }
    seq = std::max(first, oldest);
    for (std::uint64_t i = 0; i < count && seq < head; ++i, seq += lanes_) {
      if (look_at(seq)) formatter_.measure(seq, row_.bytes());
    }
  }

  void print_heading() {
    const Present there = present();
    const Position oldest = there.oldest();
    for (std::size_t k = 0; k < lanes_; ++k)
      look_around(window_.first.next()[k], oldest.next()[k], there.heads.next()[k]);
    output_.print_heading();
  }

  void wait() {
    constexpr std::chrono::milliseconds kLongestRest{50};  // until a signal, or a closed pipe, is looked for again
    if (newest_) print_newest();
    flush();
    end_idle_lanes();
    if (is_finished() || input_.wait_for(kLongestRest)) return;
    is_past_ = since_ && since_->is_past(text::realtime_ns());
    pass_what_others_took();
    give_up_pending();
    terminal::Output::check_open();
    if (!retired_ && input_.retired()) {
      retired_ = true;
      note_retired(input_);
    }
  }

  // Of a group: nothing is to be had now, so that this is done with, for this member.
  void pass_what_others_took() {
    const auto place = input_.shared_place();
    if (!place) return;
    const Position own = progress_.next();
    for (std::size_t k = 0; k < lanes_; ++k) {
      const std::uint64_t next = place->next()[k];
      if (next > own.next()[k])
        progress_.lose({.first = own.next()[k], .last = next - lanes_, .cause = Loss::passed_over, .step = lanes_});
    }
  }

  // In order of time a value that is claimed and not published is not passed over, for it comes late. Who does not
  // follow has to come to an end: nothing has come for longer than anything is held back, and so all else is there.
  void give_up_pending() {
    if (options_.asked.follow) return;
    for (const Gap& gap : progress_.unfinished()) {
      if (input_.is_pending(gap.first)) give_up(gap);
    }
  }

  // To a consumer it is not lost: it comes to the next one of that name.
  void give_up(const Gap& gap) {
    if (!input_.is_consumer()) return report(gap);
    progress_.lose(gap);
  }

  // A lane whose writer pauses may never come to the end that was asked for: once that number has been handed out, or
  // a later one, all lanes end with what they have.
  void end_idle_lanes() {
    if (lanes_ == 1 || !options_.asked.until || has_ended_idle_) return;
    const Present there = present();
    if (there.newest() < *options_.asked.until) return;
    has_ended_idle_ = true;
    progress_.end_at(there.heads);
  }

  // Only what was asked for counts as lost: not what is beyond the end, and not what was overwritten before the first
  // value of its lane came, if the oldest, the last so many, or those since some time were asked for.
  void report(const Gap& passed) {
    if (newest_) newest_->pass(passed);
    const bool is_first = !progress_.has_begun(passed.first);
    const auto gap = input_.is_consumer() ? lost_for_ever(passed) : progress_.lose(passed);
    if (!gap) return;
    const bool from_what_is_there =
        !cursor_ && !input_.is_consumer() && (options_.asked.from.empty() || options_.asked.from == "oldest");
    if (is_first && gap->cause == Loss::overwritten && from_what_is_there) return;
    if (since_ && !since_->has_begun(gap->first)) return;
    if (newest_) return newest_->add(*gap);
    output_.tell(*gap);
  }

  // What a consumer does not get is lost also beyond the end.
  std::optional<Gap> lost_for_ever(Gap gap) {
    progress_.lose(gap);
    if (shares_) return gap;
    gap.first = std::max(gap.first, window_.first.next()[gap.first % lanes_]);
    return gap.first <= gap.last ? std::make_optional(gap) : std::nullopt;
  }

  void summarise() const {
    if (!options_.asked.follow && options_.asked.count != 0) note_absence();
    input_.tell_order(late_);
    if (!options_.asked.follow && !output_.has_lost() && output_.cut().empty()) return;
    terminal::note(output_.account(read_) + lag());
  }

  void note_absence() const {
    if (since_ && read_ == 0) note_none_since(*since_, input_);
    if (selection_ && read_ > 0 && selection_->left_out_count() == read_) note_no_match(read_, input_);
  }

  // How far behind a stop has come.
  std::string lag() const {
    if (!terminal::stop_requested()) return "";
    const Present there = present();
    return lag_text(input_.shared_place().value_or(position()), recording::lower_of(progress_.end(), there.heads),
                    there);
  }

  const TailOptions& options_;
  TailInput& input_;
  schema::RecordFormatter& formatter_;
  std::optional<recording::CursorFile> cursor_file_;
  std::optional<Position> cursor_;  // where an earlier run ended
  std::size_t lanes_ = input_.info().lanes;
  bool shares_ = input_.shared_place().has_value();
  Window window_;
  recording::LaneProgress progress_;
  std::optional<NewestMatches> newest_;  // until all that was there when it began was looked at
  std::optional<recording::Since> since_;
  std::optional<recording::Selection> selection_;
  recording::Row row_;
  std::int64_t time_ns_ = 0;
  TailOutput output_;
  std::uint64_t read_ = 0;
  std::uint64_t unreleased_ = 0;
  std::uint64_t late_ = 0;  // of those that were printed
  bool retired_ = false;
  bool is_past_ = false;  // what was asked for
  bool has_ended_idle_ = false;
};

}  // namespace

terminal::ExitCode run_tail(const TailOptions& options, TailInput& input, schema::RecordFormatter& formatter) {
  return Tail(options, input, formatter).run();
}

}  // namespace arena_shm::tool
