// Follower<T>: follows a name rather than a segment: what is there now, and whatever takes its place.
//
//   arena_shm::Follower<Tick> ticks("ticks");
//   while (ticks.wait_for(std::chrono::hours::max())) {
//     while (auto entry = ticks.next()) use(entry->value);
//   }
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "arena_shm/arena.hpp"
#include "arena_shm/duration.hpp"
#include "arena_shm/error.hpp"
#include "arena_shm/options.hpp"
#include "arena_shm/raw.hpp"
#include "arena_shm/restart.hpp"
#include "arena_shm/wait_set.hpp"

namespace arena_shm {

namespace core {

/// A follower of a name, for views that are typed and those that are not. Segments without a name are read on as long
/// as somebody holds a seat in them, beside the one that has the name.
/// Thread safety: one thread at a time.
template <class View>
class NameFollower {
 public:
  using Reader = decltype(std::declval<const View&>().reader(From::oldest, ReaderOptions{}));

  NameFollower(std::string name, From from, const ReaderOptions& options)
      : name_(std::move(name)), begin_of_next_(from), options_(options) {
    look_for_newer();
    // Nothing is left out of what is made from now on: what was overwritten by then counts as lost.
    if (!sources_.empty() || !from.is_seq()) begin_of_next_ = From::at(0);
  }

  /// `take(reader)` is Reader::next, which gives something that is true if there was a value.
  /// Errors: what View::open throws, but not_found.
  template <class Take>
  auto next(Take&& take) -> decltype(take(std::declval<Reader&>())) {
    for (bool has_looked = false;; has_looked = true) {
      for (auto source = sources_.begin(); source != sources_.end();) {
        tell_restart(*source);
        // Asked before the last look: who is over by now has stored all that it ever will.
        const bool is_over = &*source != &sources_.back() && is_time(source->asked) && !source->view.has_writers();
        if (auto taken = take(source->reader)) return taken;
        if (is_over && source->reader.lag() == 0)
          source = forget(source);
        else
          ++source;
      }
      if (has_looked || !look_for_newer()) return {};
    }
  }

  bool wait_for(std::chrono::nanoseconds timeout) {
    const auto begin = Clock::now();
    const auto forever = Clock::time_point::max();
    const auto deadline = timeout < forever - begin ? begin + timeout : forever;
    for (;;) {
      const auto left = deadline - Clock::now();
      if (set_.wait_for(std::clamp<std::chrono::nanoseconds>(left, {}, kBetweenLooks))) return true;
      if (look_for_newer()) continue;
      if (Clock::now() >= deadline) return false;
    }
  }

  void on_gap(std::function<void(const Gap&)> report) {
    on_gap_ = std::move(report);
    for (Source& source : sources_) source.reader.on_gap(on_gap_);
  }
  void on_restart(std::function<void(const Restart&)> report) { on_restart_ = std::move(report); }

  const std::string& name() const noexcept { return name_; }
  const View* view() const noexcept { return sources_.empty() ? nullptr : &sources_.back().view; }
  std::size_t segment_count() const noexcept { return sources_.size(); }
  std::uint64_t sum(std::uint64_t (Reader::*count)() const noexcept, std::uint64_t of_those_gone) const noexcept {
    for (const Source& source : sources_) of_those_gone += (source.reader.*count)();
    return of_those_gone;
  }
  const LaneCounts& gone() const noexcept { return gone_; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kBetweenLooks{5};

  struct Source {
    View view;
    Reader reader;
    std::optional<Restart> restart{};  // that has not been told
    Clock::time_point asked{};         // whether it has writers
  };

  static bool is_time(Clock::time_point& last) noexcept {
    const auto now = Clock::now();
    if (now - last < kBetweenLooks) return false;
    last = now;
    return true;
  }

  /// Before a value of the new one is delivered, and after what was left of the old one.
  void tell_restart(Source& source) {
    if (!source.restart) return;
    const Restart restart = *std::exchange(source.restart, std::nullopt);
    if (on_restart_) on_restart_(restart);
  }

  /// At most once in kBetweenLooks. True: there is another one now.
  bool look_for_newer() {
    if (!is_time(looked_)) return false;
    if (!sources_.empty() && !sources_.back().view.retired()) return false;
    std::optional<View> view;
    try {
      view.emplace(View::open(name_));
    } catch (const Error& error) {
      if (error.code() == Code::not_found) return false;
      throw;
    }
    if (!sources_.empty() && view->info().epoch == sources_.back().view.info().epoch) return false;
    Reader reader = view->reader(begin_of_next_, options_);
    reader.on_gap(on_gap_);
    std::optional<Restart> restart;
    if (!sources_.empty()) {
      restart = Restart{.before = sources_.back().view.info().epoch,
                        .now = view->info().epoch,
                        .created_ns = view->info().created_ns};
    }
    sources_.push_back({.view = std::move(*view), .reader = std::move(reader), .restart = restart});
    set_.add(sources_.back().reader);
    begin_of_next_ = From::at(0);
    return true;
  }

  typename std::list<Source>::iterator forget(typename std::list<Source>::iterator source) {
    gone_.read += source->reader.read_count();
    gone_.overwritten += source->reader.overwritten_count();
    gone_.holes += source->reader.hole_count();
    gone_.passed_over += source->reader.passed_over_count();
    return sources_.erase(source);
  }

  std::string name_;
  From begin_of_next_;
  ReaderOptions options_;
  std::function<void(const Gap&)> on_gap_;
  std::function<void(const Restart&)> on_restart_;
  LaneCounts gone_;  // of segments that it has done with
  Clock::time_point looked_{};
  WaitSet set_;
  std::list<Source> sources_;  // the last one has the name, or had it last. After set_, which their readers leave
};

}  // namespace core

/// Follows the arena that has a name. When that is removed and made anew, it reads what is left of the old one, and
/// goes on with the oldest value of the new one; those that were overwritten before count as such. As long as somebody
/// holds a seat in the old one, what comes there is delivered, too. It need not be there yet.
///
/// A look at the name is taken where there is nothing to deliver, at most once in 5 ms. An arena that is made and
/// removed between two looks is not seen.
///
/// Thread safety: one thread at a time. Does not survive fork.
template <class T>
class Follower {
 public:
  /// @param name, from, options  whom to follow; where to begin in the first segment that it finds; how to follow
  /// Errors: as ArenaView::open, but not_found.
  explicit Follower(std::string_view name, From from = From::oldest, const ReaderOptions& options = {})
      : core_(std::string(name), from, options) {}

  /// As Reader::next(). Errors: those of ArenaView::open, if the name leads to an arena that cannot be followed; what
  /// is left of the one before is still delivered.
  std::optional<Entry<T>> next() {
    return core_.next([](Reader<T>& reader) { return reader.next(); });
  }
  /// As Reader::wait_for. Throws what next() throws.
  bool wait_for(Duration timeout) { return core_.wait_for(timeout); }

  /// As Reader::on_gap.
  void on_gap(std::function<void(const Gap&)> report) { core_.on_gap(std::move(report)); }
  /// @param report  called when it turns to another segment: after what was left of the one before, before a value of
  ///     the new one is delivered; may not use the follower
  void on_restart(std::function<void(const Restart&)> report) { core_.on_restart(std::move(report)); }

  /// Returns: the name that it follows.
  const std::string& name() const noexcept { return core_.name(); }
  /// Returns: the segment that has the name, or had it last; null: there has been none yet.
  const ArenaView<T>* view() const noexcept { return core_.view(); }
  /// Returns: how many segments it reads: more than one, while somebody may still write to one without a name.
  std::size_t segment_count() const noexcept { return core_.segment_count(); }

  /// As Reader::read_count. Of all segments that it has followed.
  std::uint64_t read_count() const noexcept { return core_.sum(&Reader<T>::read_count, core_.gone().read); }
  /// As Reader::overwritten_count. Of all.
  std::uint64_t overwritten_count() const noexcept {
    return core_.sum(&Reader<T>::overwritten_count, core_.gone().overwritten);
  }
  /// As Reader::hole_count. Of all.
  std::uint64_t hole_count() const noexcept { return core_.sum(&Reader<T>::hole_count, core_.gone().holes); }
  /// As Reader::passed_over_count. Of all.
  std::uint64_t passed_over_count() const noexcept {
    return core_.sum(&Reader<T>::passed_over_count, core_.gone().passed_over);
  }

 private:
  core::NameFollower<ArenaView<T>> core_;
};

}  // namespace arena_shm
