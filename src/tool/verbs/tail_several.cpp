#include "tool/verbs/tail_several.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "filter/parser.hpp"
#include "recording/time_merge.hpp"
#include "schema/restart_text.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/tail_columns.hpp"
#include "tool/verbs/tail_ring.hpp"
#include "tool/verbs/tail_rings.hpp"
#include "tool/verbs/where.hpp"

namespace arena_shm::tool {

namespace {

using recording::TimeMerge;
using recording::ValueStream;
using MergeClock = TimeMerge::Clock;

constexpr std::chrono::milliseconds kHold{20};          // for one that is silent
constexpr std::chrono::milliseconds kPause{2};          // where there is nothing to print
constexpr std::chrono::milliseconds kBetweenLooks{50};  // for a signal, a closed pipe, an arena that was removed
constexpr std::chrono::milliseconds kBetweenNames{500};
constexpr int kMostPassed = 1024;  // of one arena, before others and signals are looked at

class SeveralTail {
 public:
  SeveralTail(const SeveralAsked& asked, const PrintingOf& printing)
      : asked_(asked), rings_(asked.names, asked.follow_name), columns_(printing, asked.order) {}

  terminal::ExitCode run() {
    if (asked_.waits && !asked_.follow_name && !rings_.await()) return terminal::ExitCode::ok;
    rings_.look();
    rings_.refuse_none();
    std::vector<TailRing*> come;
    for (TailRing& ring : rings_.all()) {
      if (ring.has_come()) come.push_back(&ring);
    }
    know(come);
    print_what_is_there();
    if (follow_ && !failure_) print_what_comes();
    output_.flush();
    conclude();
    if (failure_) throw Error(*failure_);
    return lost_ > 0 ? terminal::ExitCode::lost : terminal::ExitCode::ok;
  }

 private:
  struct Kept {
    TailRing* ring;
    std::uint64_t seq;
    std::vector<std::byte> row;
  };

  void know(const std::vector<TailRing*>& come) {
    columns_.take(come, rings_.name_width());
    for (TailRing* ring : come) {
      ring->on_gap([this](TailRing& of, const Gap& gap) { tell(of, gap); });
      ring->on_restart([this](TailRing& of, const Restart& restart) { tell(of, restart); });
    }
  }

  // The last so many of all, if not all are wanted: each arena may have that many of them.
  void print_what_is_there() {
    TimeMerge merge(kHold);
    std::vector<TailRing*> rings;
    const recording::TimeSpan span = rings_.common(asked_.span);
    for (TailRing& ring : rings_.all()) {
      if (!ring.is_known()) continue;
      const Asked& asked = ring.printing().tail.asked;
      std::optional<Position> first;
      if (!asked.from.empty()) first = place_in(ring.view(), from_of(asked.from));
      const Position heads = place_in(ring.view(), From::newest);
      const Window window = window_of(asked, first, {heads, ring.view().slots() / ring.view().lanes()});
      is_last_so_many_ = asked.from.empty();
      limit_ = is_last_so_many_ ? Window::kNoLimit : window.count;
      most_kept_ = asked.count.value_or(kDefaultCount);
      ring.begin_there(window, {.order = asked_.order, .span = span, .where = asked_.where});
      rings.push_back(&ring);
      merge.add(MergeClock::now());
    }
    if (!is_last_so_many_) columns_.print_heading(output_.text());
    while (!rings.empty() && !is_finished() && step(merge, rings)) {
    }
    if (is_last_so_many_) print_kept();
  }

  void print_kept() {
    for (const Kept& kept : kept_) kept.ring->formatter->measure(kept.seq, kept.row);
    columns_.print_heading(output_.text());
    for (const Kept& kept : kept_) print(*kept.ring, kept.seq, kept.row);
    kept_.clear();
    is_last_so_many_ = false;
  }

  void print_what_comes() {
    TimeMerge merge(kHold);
    std::vector<TailRing*> rings;
    const auto join = [&](TailRing& ring) {
      ring.begin_coming({.order = asked_.order, .span = asked_.span, .where = asked_.where});
      rings.push_back(&ring);
      merge.add(MergeClock::now());
    };
    for (TailRing& ring : rings_.all()) {
      if (ring.is_known()) join(ring);
    }
    while (!is_finished()) {
      // An error ends it when what had been read is out; else it is later than was asked for.
      if (!step(merge, rings) && (failure_ || !rings.empty())) return;
      const bool is_due = MergeClock::now() - rings_.looked() >= kBetweenNames;
      if (!is_due && !is_idle_) continue;
      if (is_due) {
        forget_gone(merge, rings);
        rings_.look();
      }
      meet_new(join);
    }
  }

  void meet_new(const std::function<void(TailRing&)>& join) {
    for (auto ring = rings_.all().begin(); ring != rings_.all().end() && !failure_;) {
      try {
        if (ring->has_come()) {
          know({&*ring});
          columns_.print_heading(output_.text());
          join(*ring);
        }
        ++ring;
      } catch (const Error& error) {
        ring = leave_out(ring, error);
      }
    }
  }

  // One that was asked for by its name has to fit; of those that a pattern finds meanwhile, what does not fit is left
  // out.
  TailRings::Iterator leave_out(TailRings::Iterator ring, const Error& why) {
    try {
      return rings_.leave_out(ring, why);
    } catch (const Error& error) {
      failure_ = error;
      return ring;
    }
  }

  void forget_gone(TimeMerge& merge, std::vector<TailRing*>& rings) {
    rings_.forget_gone([&](const TailRing& ring) {
      const auto at = std::ranges::find(rings, &ring);
      const auto number = static_cast<std::size_t>(at - rings.begin());
      if (at == rings.end()) return true;
      if (merge.has_head(number)) return false;
      merge.remove(number);
      rings.erase(at);
      return true;
    });
    columns_.forget_unused();
  }

  // False: all of them are over, or there is none.
  bool step(TimeMerge& merge, const std::vector<TailRing*>& rings) {
    bool has_any = false;
    is_busy_ = false;
    for (std::size_t i = 0; i < rings.size(); ++i) {
      if (failure_ && !merge.has_head(i)) merge.over(i);  // what has been read is printed, and nothing behind it
      if (!merge.has_head(i) && !merge.is_over(i)) pull(merge, i, *rings[i]);
      has_any = has_any || merge.has_head(i) || !merge.is_over(i);
    }
    const auto next = merge.next(MergeClock::now());
    is_idle_ = !next;
    if (!next) {
      if (has_any || rings.empty()) pause(rings);
      return has_any;
    }
    if (merge.take(*next)) ++late_;
    take(*rings[*next]);
    return true;
  }

  void pull(TimeMerge& merge, std::size_t i, TailRing& ring) {
    auto step = ValueStream::Step::passed;
    for (int n = 0; n < kMostPassed && step == ValueStream::Step::passed; ++n) step = ring.next();
    if (step == ValueStream::Step::value) return merge.head(i, ring.time_ns());
    if (ring.stream().failure()) failure_ = ring.stream().failure();
    if (ring.stream().is_finished()) return merge.over(i);
    merge.none(i, MergeClock::now());  // where none was wanted, too: the others have their turn
    is_busy_ = is_busy_ || step == ValueStream::Step::passed;
  }

  void take(TailRing& ring) {
    ++read_;
    const std::uint64_t seq = ring.stream().seq();
    if (seq / ring.lane_count() % ring.printing().tail.asked.every != 0) return;
    if (!is_last_so_many_) return print(ring, seq, ring.row());
    if (most_kept_ == 0) return;
    if (kept_.size() == most_kept_) kept_.pop_front();
    kept_.push_back({.ring = &ring, .seq = seq, .row = {ring.row().begin(), ring.row().end()}});
  }

  void print(TailRing& ring, std::uint64_t seq, std::span<const std::byte> row) {
    ring.formatter->record(output_.text(), seq, row);
    output_.end_row();
    ++printed_;
    if (output_.is_large()) output_.flush();
  }

  void tell(TailRing& ring, const Gap& gap) {
    lost_ += gap.count();
    ++gaps_;
    tell([&](std::string& out) { ring.formatter->gap(out, gap); },
         fmt::format("{}: {}", ring.name(), schema::describe(gap)));
  }

  void tell(TailRing& ring, const Restart& restart) {
    tell([&](std::string& out) { ring.formatter->restart(out, ring.name(), restart); },
         schema::describe(ring.name(), restart));
  }

  // Among the values, or beside them.
  void tell(const std::function<void(std::string&)>& print, const std::string& text) {
    if (asked_.gaps_inline) {
      print(output_.text());
      output_.end_row();
    } else {
      output_.flush();
      terminal::plain_note(text);
    }
  }

  // Looks after each of them now and then: what becomes of an arena is told, and what is pending is given up.
  void pause(const std::vector<TailRing*>& rings) {
    if (!is_busy_) {
      output_.flush();
      std::this_thread::sleep_for(kPause);
    }
    if (MergeClock::now() - looked_ < kBetweenLooks) return;
    looked_ = MergeClock::now();
    output_.flush();
    terminal::Output::check_open();
    for (TailRing* ring : rings) ring->stream().wait_for({});
  }

  bool is_finished() const { return terminal::stop_requested() || printed_ >= limit_; }

  void conclude() const {
    if (late_ > 0) terminal::note(text::counted(late_, "value") + " came late: out of order of time");
    columns_.tell_altered();
    if (!follow_ && lost_ == 0) return;
    std::string text = "read " + text::counted(read_, "value");
    if (printed_ != read_) text += fmt::format(", printed {}", printed_);
    if (lost_ > 0) text += fmt::format(", lost {} in {}", lost_, text::counted(gaps_, "gap"));
    terminal::note(text + " of " + text::counted(rings_.count(), "arena"));
  }

  const SeveralAsked& asked_;
  TailRings rings_;
  std::optional<Error> failure_;  // nothing is read behind it
  TailColumns columns_;
  terminal::Output output_;
  std::deque<Kept> kept_;
  std::uint64_t most_kept_ = 0;
  std::uint64_t limit_ = Window::kNoLimit;
  std::uint64_t read_ = 0;
  std::uint64_t printed_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t gaps_ = 0;
  MergeClock::time_point looked_ = MergeClock::now();
  bool follow_ = asked_.follow || asked_.follow_name;
  bool is_last_so_many_ = false;
  bool is_idle_ = false;
  bool is_busy_ = false;  // one of them has more, and none of it is wanted so far
};

}  // namespace

terminal::ExitCode tail_several(const SeveralAsked& asked, const PrintingOf& printing) {
  terminal::catch_stop_signals();
  if (asked.where) filter::parse(*asked.where);  // what is wrong in itself is no matter of one of them
  return SeveralTail(asked, printing).run();
}

}  // namespace arena_shm::tool
