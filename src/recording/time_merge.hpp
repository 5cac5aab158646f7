// Several sequences of values as one, by time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace arena_shm::recording {

/// Each source is a sequence whose values come in order. Its head is the value that comes next. The one with the
/// earliest time is next of all, once each source has a head, or is over, or has had none for `hold`: one that is
/// silent holds up the others no longer than that. A value that is earlier than one that was before it comes late. Of
/// equal times, the source that was added first is first. Thread safety: none.
class TimeMerge {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TimeMerge(std::chrono::nanoseconds hold) : hold_(hold) {}

  /// Returns: its number.
  std::size_t add(Clock::time_point now) {
    sources_.push_back({.silent_since = now});
    return sources_.size() - 1;
  }
  /// Those behind it have a number less, as in a vector.
  void remove(std::size_t i) { sources_.erase(sources_.begin() + static_cast<std::ptrdiff_t>(i)); }
  std::size_t count() const noexcept { return sources_.size(); }
  bool has_head(std::size_t i) const noexcept { return sources_[i].head_ns.has_value(); }
  bool is_over(std::size_t i) const noexcept { return sources_[i].is_over; }

  void head(std::size_t i, std::int64_t time_ns) noexcept { sources_[i].head_ns = time_ns; }
  /// Looked at just now, and found to have none.
  void none(std::size_t i, Clock::time_point now) noexcept {
    if (!sources_[i].is_silent) sources_[i].silent_since = now;
    sources_[i].is_silent = true;
  }
  void over(std::size_t i) noexcept { sources_[i].is_over = true; }

  /// The source whose head is next; nothing if there is none, or it has to wait for others.
  std::optional<std::size_t> next(Clock::time_point now) const noexcept {
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const Source& source = sources_[i];
      if (!source.head_ns) {
        if (!source.is_over && !(source.is_silent && now - source.silent_since >= hold_)) return std::nullopt;
      } else if (!first || *source.head_ns < *sources_[*first].head_ns) {
        first = i;
      }
    }
    return first;
  }
  /// Its head is taken. Returns: does it come late?
  bool take(std::size_t i) noexcept {
    Source& source = sources_[i];
    const bool is_late = latest_ns_ && *source.head_ns < *latest_ns_;
    if (!is_late) latest_ns_ = source.head_ns;
    source.head_ns.reset();
    source.is_silent = false;
    return is_late;
  }

 private:
  struct Source {
    std::optional<std::int64_t> head_ns{};
    Clock::time_point silent_since{};
    bool is_silent = true;
    bool is_over = false;
  };

  std::chrono::nanoseconds hold_;
  std::vector<Source> sources_;
  std::optional<std::int64_t> latest_ns_;  // of all that were taken
};

}  // namespace arena_shm::recording
