#include "tool/verbs/tail_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "arena_shm/core/header.hpp"
#include "arena_shm/error.hpp"
#include "arena_shm/follower.hpp"
#include "recording/lane_order.hpp"
#include "recording/lanes.hpp"
#include "recording/row.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/named_reader.hpp"
#include "tool/verbs/tail_output.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

NamedReader NamedView::reader(From from, const ReaderOptions& options) const {
  ReaderOptions possible = options;
  if (options.order == Order::time) possible.order = recording::order_for(info(), std::nullopt, terminal_attendant());
  const Position first = view_.reader(from, {.doorbell = false}).position();
  return {view_, recording::reader_in_order(view_, first, possible, terminal_attendant())};
}

namespace {

constexpr std::chrono::milliseconds kLongestWait{50};  // until a signal, or a closed pipe, is looked for again

class NamedTail {
 public:
  NamedTail(const std::string& name, const TailOptions& asked)
      : asked_(asked.asked),
        follower_(name, asked_.from.empty() || asked_.from == "newest" ? From::oldest : from_of(asked_.from),
                  {.manner = Manner::throughput, .doorbell = false, .order = asked.order.value_or(Order::time)}) {}

  terminal::ExitCode run(const std::function<Printing(const Info&)>& printing) {
    terminal::catch_stop_signals();
    if (!await_first()) return terminal::ExitCode::ok;
    first_ = follower_.view()->info();
    printing_.emplace(printing(first_));
    row_.emplace(printing_->tail.shape);
    output_.emplace(*printing_->formatter, printing_->tail.gaps_inline, 1);
    try {
      follow();
    } catch (const Error&) {
      conclude();
      throw;
    }
    conclude();
    return output_->exit_code();
  }

 private:
  // What is there from the beginning is cut to the last so many; of what comes later nothing is left out.
  bool await_first() {
    was_there_ = follower_.view() != nullptr;
    if (!was_there_) terminal::note(fmt::format("waiting for an arena '{}'", follower_.name()));
    while (!terminal::stop_requested() && follower_.view() == nullptr) {
      follower_.wait_for(kLongestWait);
      terminal::Output::check_open();
    }
    return follower_.view() != nullptr;
  }

  void follow() {
    choose_first();
    while (!is_finished()) {
      NamedReader* from = nullptr;
      const auto seq = follower_.next([&](NamedReader& reader) {
        from = &reader;
        meet(reader);
        return reader.next(row_->record());
      });
      if (seq)
        print(*from, *seq);
      else
        wait();
    }
  }

  // The heading is printed before the first value comes: its columns fit those that are there.
  void choose_first() {
    const RawView& view = follower_.view()->raw();
    const Position heads = place_in(view, From::newest);
    const Present there{heads, view.slots() / view.lanes()};
    std::optional<Position> begin;
    if (!asked_.from.empty()) begin = place_in(view, from_of(asked_.from));
    const Window window = window_of(asked_, begin, there);
    count_ = window.count;
    if (was_there_) begin_ = window.first;
    measure(view, begin_.value_or(there.oldest()), heads);
    output_->print_heading();
  }

  void measure(const RawView& view, const Position& first, const Position& heads) {
    constexpr std::uint64_t kMeasured = 50;
    const std::uint64_t lanes = view.lanes();
    auto timescale = timescale_of(view);
    for (std::uint64_t k = 0; k < lanes; ++k) {
      std::uint64_t seq = first.next()[k];
      for (std::uint64_t i = 0; i < std::max<std::uint64_t>(kMeasured / lanes, 1) && seq < heads.next()[k]; ++i) {
        std::uint64_t time = 0;
        if (view.read(seq, row_->record(), &time) == ReadStatus::ok) {
          if (row_->has_time()) row_->set_time(timescale->nanoseconds(time));
          printing_->formatter->measure(seq, row_->bytes());
        }
        seq += lanes;
      }
    }
  }

  static std::optional<Timescale> timescale_of(const RawView& view) {
    if (view.info().clock == Clock::none) return std::nullopt;
    return view.timescale();
  }

  // Before anything of it is printed.
  void meet(NamedReader& reader) {
    if (std::exchange(reader.is_known, true)) return;
    const Info& info = reader.view.info();
    if (arenas_ > 0) {
      check_same(info);
      terminal::note(fmt::format("arena '{}' was created anew; following the new one", info.name));
      is_gone_ = false;
    }
    reader.was_there = arenas_++ == 0 && begin_;
    if (reader.was_there)
      reader.seek(*begin_);
    else if (arenas_ > 1 || asked_.from.empty() || !from_of(asked_.from).is_seq())
      reader.seek(From::at(0));
    reader.timescale = timescale_of(reader.view);
    if (printing_->tail.since) reader.since = printing_->tail.since->for_lanes(info.lanes);
    reader.on_gap([this, &reader](const Gap& gap) { report(reader, gap); });
  }

  void check_same(const Info& info) const {
    try {
      core::check_record(info.name, first_.record, info.record);
    } catch (const Error& error) {
      refuse(info, error.expected(), error.found());
    }
    const bool needs_times = row_->has_time() || (printing_->tail.since && printing_->tail.since->needs_value_time());
    if (!needs_times || info.clock != Clock::none) return;
    refuse(info, "an arena with times, as the one before", "one without");
  }

  [[noreturn]] static void refuse(const Info& info, std::string expected, std::string found) {
    throw Error(Code::incompatible_type, {.name = info.name,
                                          .doing = "go on with the new",
                                          .expected = std::move(expected),
                                          .found = std::move(found),
                                          .remedy = "to follow the new one, start again"});
  }

  void print(NamedReader& reader, std::uint64_t seq) {
    const std::uint64_t lanes = reader.view.lanes();
    reader.begun[seq % lanes] = true;
    const std::int64_t ns = reader.timescale ? reader.timescale->nanoseconds(reader.time()) : 0;
    if (row_->has_time()) row_->set_time(ns);
    if (reader.since && !reader.since->next_is_wanted(seq, row_->record(), ns)) return;
    ++read_;
    if (seq / lanes % asked_.every != 0) return;
    if (reader.comes_late()) ++late_;
    if (!inexact_ && !reader.comes_in_order()) inexact_ = reader.view.info();
    output_->print(seq, row_->bytes());
  }

  // Nothing of an arena that is new is meant to be lost; of one that was there, what was overwritten before is
  // ordinary.
  void report(const NamedReader& reader, const Gap& gap) {
    const bool from_what_is_there = reader.was_there && (asked_.from.empty() || asked_.from == "oldest");
    const bool has_begun = reader.begun[gap.first % reader.view.lanes()];
    if (!has_begun && gap.cause == Loss::overwritten && from_what_is_there) return;
    if (reader.since && !reader.since->has_begun(gap.first)) return;
    output_->tell(gap);
  }

  void wait() {
    output_->deliver();
    if (is_finished() || follower_.wait_for(kLongestWait)) return;
    terminal::Output::check_open();
    if (is_gone_ || !follower_.view()->retired()) return;
    is_gone_ = true;
    terminal::note(fmt::format("arena '{}' was removed; waiting for a new one", follower_.name()));
  }

  bool is_finished() const { return terminal::stop_requested() || output_->printed() >= count_; }

  void conclude() {
    output_->deliver();
    output_->tell_altered();
    recording::tell_order(inexact_.value_or(first_), late_, !inexact_, terminal_attendant());
    terminal::note(output_->account(read_) + (arenas_ > 1 ? " of " + text::counted(arenas_, "arena") : ""));
  }

  const Asked& asked_;
  core::NameFollower<NamedView> follower_;
  Info first_{};
  std::optional<Printing> printing_;
  std::optional<recording::Row> row_;
  std::optional<TailOutput> output_;
  std::optional<Position> begin_;  // in the first arena, if that was there
  bool was_there_ = false;
  std::uint64_t count_ = Window::kNoLimit;
  std::uint64_t arenas_ = 0;
  std::uint64_t read_ = 0;
  std::uint64_t late_ = 0;       // of those that were printed
  std::optional<Info> inexact_;  // the arena whose values were not for certain in order of time
  bool is_gone_ = false;
};

}  // namespace

terminal::ExitCode tail_name(const std::string& name, const TailOptions& asked,
                             const std::function<Printing(const Info&)>& printing) {
  return NamedTail(name, asked).run(printing);
}

}  // namespace arena_shm::tool
