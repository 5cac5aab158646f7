#include "tool/verbs/tail_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "recording/lane_order.hpp"
#include "recording/named_stream.hpp"
#include "recording/row.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/tail_newest.hpp"
#include "tool/verbs/tail_output.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

constexpr std::chrono::milliseconds kLongestWait{50};  // until a signal, or a closed pipe, is looked for again

class NamedTail {
 public:
  NamedTail(const Asked& asked, recording::NamedStream& stream, Printing printing)
      : asked_(asked),
        stream_(stream),
        printing_(std::move(printing)),
        row_(printing_.tail.shape),
        output_(*printing_.formatter, printing_.tail.gaps_inline, 1) {}

  terminal::ExitCode run() {
    begin();
    while (!is_finished()) {
      switch (stream_.next(row_)) {
        case recording::ValueStream::Step::value: print(); break;
        case recording::ValueStream::Step::passed:
          if (newest_) newest_->pass(stream_.seq());
          break;
        case recording::ValueStream::Step::none: wait(); break;
      }
      if (newest_ && newest_->is_complete()) print_newest();
    }
    conclude();
    if (stream_.failure()) throw Error(*stream_.failure());
    return output_.exit_code();
  }

 private:
  // What is there from the beginning is cut to the last so many. The heading is printed before the first value comes:
  // its columns fit those that are there.
  void begin() {
    const RawView& view = *stream_.view();
    const Position heads = place_in(view, From::newest);
    const Present there{heads, view.slots() / view.lanes()};
    std::optional<Position> first;
    if (!asked_.from.empty()) first = place_in(view, from_of(asked_.from));
    const Window window = window_of(asked_, first, there);
    count_ = window.count;
    if (window.newest) {
      newest_.emplace(stream_.was_there() ? *window.newest : Window::kNoLimit, window.first, heads);
    } else {
      measure(view, stream_.was_there() ? window.first : there.oldest(), heads);
      output_.print_heading();
    }
    recording::NamedStream::Begin begin;
    if (stream_.was_there()) begin.first = window.first;
    begin.is_exact = !asked_.from.empty() && asked_.from != "oldest";
    stream_.on_gap([this](const Gap& gap) { tell(gap); });
    stream_.on_restart([this](const Restart& restart) {
      if (newest_) print_newest();
      output_.tell(stream_.view()->name(), restart);
    });
    stream_.select(printing_.tail.selection);
    stream_.begin(printing_.tail.shape, printing_.tail.since, begin);
  }

  void measure(const RawView& view, const Position& first, const Position& heads) {
    constexpr std::uint64_t kMeasured = 50;
    const std::uint64_t lanes = view.lanes();
    std::optional<Timescale> timescale;
    if (row_.has_time()) timescale = view.timescale();
    for (std::uint64_t k = 0; k < lanes; ++k) {
      std::uint64_t seq = first.next()[k];
      for (std::uint64_t i = 0; i < std::max<std::uint64_t>(kMeasured / lanes, 1) && seq < heads.next()[k]; ++i) {
        std::uint64_t time = 0;
        if (view.read(seq, row_.record(), &time) == ReadStatus::ok) {
          if (timescale) row_.set_time(timescale->nanoseconds(time));
          printing_.formatter->measure(seq, row_.bytes());
        }
        seq += lanes;
      }
    }
  }

  void print() {
    if (newest_) newest_->pass(stream_.seq());
    ++read_;
    if (stream_.seq() / stream_.lane_count() % asked_.every != 0) return;
    if (stream_.is_late()) ++late_;
    if (newest_) return newest_->add(stream_.seq(), row_.bytes());
    output_.print(stream_.seq(), row_.bytes());
  }

  void tell(const Gap& gap) {
    if (newest_) {
      newest_->pass(gap);
      return newest_->add(gap);
    }
    output_.tell(gap);
  }

  // What was there when it began has been looked at: these are the last ones of it.
  void print_newest() {
    newest_->print(*printing_.formatter, output_);
    newest_.reset();
  }

  void wait() {
    if (newest_) print_newest();
    output_.deliver();
    if (!is_finished() && !stream_.wait_for(kLongestWait)) terminal::Output::check_open();
  }

  bool is_finished() const {
    return terminal::stop_requested() || stream_.is_finished() || output_.printed() >= count_;
  }

  void conclude() {
    if (newest_) print_newest();
    output_.deliver();
    output_.tell_altered();
    stream_.tell_order(late_);
    const std::uint64_t arenas = stream_.arena_count();
    const std::uint64_t left_out = stream_.selection() ? stream_.selection()->left_out_count() : 0;
    terminal::note(output_.account(read_ + left_out) + (arenas > 1 ? " of " + text::counted(arenas, "arena") : ""));
  }

  const Asked& asked_;
  recording::NamedStream& stream_;
  Printing printing_;
  recording::Row row_;
  TailOutput output_;
  std::optional<NewestMatches> newest_;  // until all before them was looked at
  std::uint64_t count_ = Window::kNoLimit;
  std::uint64_t read_ = 0;
  std::uint64_t late_ = 0;  // of those that were printed
};

}  // namespace

terminal::ExitCode tail_name(const std::string& name, const TailOptions& asked,
                             const std::function<Printing(const Info&)>& printing) {
  terminal::catch_stop_signals();
  const std::string& from = asked.asked.from;
  recording::NamedStream stream(name, from.empty() ? From::oldest : from_of(from),
                                recording::patient_reader(asked.order.value_or(Order::time)), terminal_attendant());
  while (stream.view() == nullptr) {
    if (terminal::stop_requested()) return terminal::ExitCode::ok;
    stream.wait_for(kLongestWait);
    terminal::Output::check_open();
  }
  return NamedTail(asked.asked, stream, printing(stream.view()->info())).run();
}

}  // namespace arena_shm::tool
