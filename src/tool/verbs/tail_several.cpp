#include "tool/verbs/tail_several.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <set>
#include <thread>

#include "inspect/arenas.hpp"
#include "recording/time_merge.hpp"
#include "schema/restart_text.hpp"
#include "terminal/names.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/await_arena.hpp"
#include "tool/verbs/tail_columns.hpp"
#include "tool/verbs/tail_ring.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/name_pattern.hpp"

namespace arena_shm::tool {

namespace {

using recording::TimeMerge;
using recording::ValueStream;
using Clock = TimeMerge::Clock;

constexpr std::chrono::milliseconds kHold{20};          // for one that is silent
constexpr std::chrono::milliseconds kPause{2};          // where there is nothing to print
constexpr std::chrono::milliseconds kBetweenLooks{50};  // for a signal, a closed pipe, an arena that was removed
constexpr std::chrono::milliseconds kBetweenNames{500};
constexpr int kMostPassed = 1024;  // of one arena, before others and signals are looked at

class SeveralTail {
 public:
  SeveralTail(const SeveralAsked& asked, const PrintingOf& printing) : asked_(asked), printing_for_(printing) {}

  terminal::ExitCode run() {
    if (asked_.waits && !asked_.follow_name && !await_all()) return terminal::ExitCode::ok;
    look_for_names();
    refuse_patterns_without_match();
    for (TailRing& ring : rings_) {
      if (ring.has_come()) know(ring);
    }
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

  bool await_all() const {
    return std::ranges::all_of(asked_.names,
                               [](const std::string& name) { return is_pattern(name) || await_arena(name); });
  }

  // Each name once, in the order in which they were asked for; those of a pattern by their names.
  void look_for_names() {
    names_looked_ = Clock::now();
    for (const std::string& name : asked_.names) {
      if (!is_pattern(name)) {
        add(name);
        continue;
      }
      std::set<std::string> matching;
      inspect::for_each_arena(
          [&](const inspect::Image& image) {
            if (matches(name, image.label())) matching.insert(image.label());
          },
          [](const Error&) {});
      for (const std::string& match : matching) add_match(match);
    }
  }

  void add(const std::string& name) {
    if (names_.contains(name)) return;
    rings_.emplace_back(name, asked_.follow_name);
    names_.insert(name);
  }

  // Meanwhile it may be gone, or it cannot be read: then it is looked at again later.
  void add_match(const std::string& name) {
    try {
      add(name);
    } catch (const Error& error) {
      skip(name, error);
    }
  }

  void skip(const std::string& name, const Error& error) {
    if (skipped_.insert(name).second) terminal::note(terminal::skipped_text(error));
  }

  // One that was asked for by its name has to fit; of those that a pattern finds meanwhile, what does not fit is left
  // out. Returns: does it?
  bool knows(TailRing& ring) {
    try {
      know(ring);
      return true;
    } catch (const Error& error) {
      if (std::ranges::find(asked_.names, ring.name()) == asked_.names.end())
        skip(ring.name(), error);
      else
        failure_ = error;
      return false;
    }
  }

  void refuse_patterns_without_match() const {
    if (!rings_.empty()) return;
    if (asked_.follow_name) return terminal::note("waiting for arenas whose names match");
    throw Error(Code::not_found, {.name = asked_.names.front(),
                                  .doing = "find",
                                  .expected = "an arena whose name matches",
                                  .found = "none",
                                  .remedy = "wait for some with -F; to list the arenas: arena-shm list"});
  }

  void know(TailRing& ring) {
    std::size_t width = 0;
    for (const std::string& name : names_) width = std::max(width, name.size());
    Printing printing = printing_for_(ring.view().info(), width + 2);
    ring.formatter = columns_.add(printing, ring.name(), width);
    ring.know(std::move(printing), asked_.order);
    ring.on_gap([this](TailRing& of, const Gap& gap) { tell(of, gap); });
    ring.on_restart([this](TailRing& of, const Restart& restart) { tell(of, restart); });
  }

  // The last so many of all, if not all are wanted: each arena may have that many of them.
  void print_what_is_there() {
    TimeMerge merge(kHold);
    std::vector<TailRing*> rings;
    for (TailRing& ring : rings_) {
      if (!ring.is_known()) continue;
      const Asked& asked = ring.printing().tail.asked;
      std::optional<Position> first;
      if (!asked.from.empty()) first = place_in(ring.view(), from_of(asked.from));
      const Position heads = place_in(ring.view(), From::newest);
      const Window window = window_of(asked, first, {heads, ring.view().slots() / ring.view().lanes()});
      is_last_so_many_ = asked.from.empty();
      limit_ = is_last_so_many_ ? Window::kNoLimit : window.count;
      most_kept_ = asked.count.value_or(kDefaultCount);
      ring.begin_there(window, {.order = asked_.order, .span = asked_.span, .where = asked_.where});
      rings.push_back(&ring);
      merge.add(Clock::now());
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
      merge.add(Clock::now());
    };
    for (TailRing& ring : rings_) {
      if (ring.is_known()) join(ring);
    }
    while (!is_finished()) {
      if (!step(merge, rings) && !rings.empty()) return;  // it is later than was asked for
      if (Clock::now() - names_looked_ < kBetweenNames && !is_idle_) continue;
      if (Clock::now() - names_looked_ >= kBetweenNames) look_for_names();
      for (auto ring = rings_.begin(); ring != rings_.end() && !failure_;) {
        const bool has_come = ring->has_come();
        if (has_come && !knows(*ring)) {
          ring = rings_.erase(ring);
          continue;
        }
        if (has_come) {
          columns_.print_heading(output_.text());
          join(*ring);
        }
        ++ring;
      }
    }
  }

  // False: all of them are over, or there is none.
  bool step(TimeMerge& merge, const std::vector<TailRing*>& rings) {
    bool has_any = false;
    for (std::size_t i = 0; i < rings.size(); ++i) {
      if (failure_ && !merge.has_head(i)) merge.over(i);  // what has been read is printed, and nothing behind it
      if (!merge.has_head(i) && !merge.is_over(i)) pull(merge, i, *rings[i]);
      has_any = has_any || merge.has_head(i) || !merge.is_over(i);
    }
    const auto next = merge.next(Clock::now());
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
    for (int passed = 0; passed < kMostPassed; ++passed) {
      switch (ring.next()) {
        case ValueStream::Step::passed: continue;
        case ValueStream::Step::value: merge.head(i, ring.time_ns()); return;
        case ValueStream::Step::none: break;
      }
      if (ring.stream().failure()) failure_ = ring.stream().failure();
      if (ring.stream().is_finished())
        merge.over(i);
      else
        merge.none(i, Clock::now());
      return;
    }
    merge.none(i, Clock::now());  // it has none that is wanted, as one that is silent, and the others have their turn
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
    output_.flush();
    std::this_thread::sleep_for(kPause);
    if (Clock::now() - looked_ < kBetweenLooks) return;
    looked_ = Clock::now();
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
    terminal::note(text + " of " + text::counted(rings_.size(), "arena"));
  }

  const SeveralAsked& asked_;
  const PrintingOf& printing_for_;
  std::list<TailRing> rings_;
  std::set<std::string> names_;    // of those, and of what did not fit
  std::set<std::string> skipped_;  // which was said
  std::optional<Error> failure_;   // nothing is read behind it
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
  Clock::time_point looked_ = Clock::now();
  Clock::time_point names_looked_{};
  bool follow_ = asked_.follow || asked_.follow_name;
  bool is_last_so_many_ = false;
  bool is_idle_ = false;
};

}  // namespace

terminal::ExitCode tail_several(const SeveralAsked& asked, const PrintingOf& printing) {
  terminal::catch_stop_signals();
  return SeveralTail(asked, printing).run();
}

}  // namespace arena_shm::tool
