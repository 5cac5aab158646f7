// Which arenas tail prints among each other: those of some names, and those that match patterns, as they come.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <set>
#include <string>
#include <vector>

#include "arena_shm/error.hpp"
#include "tool/verbs/tail_ring.hpp"

namespace arena_shm::tool {

/// Thread safety: none.
class TailRings {
 public:
  using Iterator = std::list<TailRing>::iterator;

  /// `asked`: names, and patterns. `by_name`: as TailRing. Requires: the names stay there.
  TailRings(const std::vector<std::string>& asked, bool by_name) : asked_(asked), by_name_(by_name) {}

  /// Waits until there is one of each name. Returns: false if a stop is requested. Errors: as await_arena.
  bool await() const;

  /// Adds those that are not among them yet, each once, in the order in which they were asked for; those of a pattern
  /// by their names. What a pattern matches and cannot be opened is said once, and tried again at the next look.
  /// Errors: as TailRing, of a name that was asked for.
  void look();
  /// When that was.
  std::chrono::steady_clock::time_point looked() const noexcept { return looked_; }
  /// Says that there is none, where one is waited for. Errors: else Code::not_found, if there is none.
  void refuse_none() const;

  std::list<TailRing>& all() noexcept { return rings_; }
  /// The same span for all that are known: `last` is before the newest value of all of them. Errors: as TailRing.
  recording::TimeSpan common(recording::TimeSpan span) const;
  /// How many there have been.
  std::size_t count() const noexcept { return rings_.size() + forgotten_; }
  /// Of the longest name, in bytes.
  std::size_t name_width() const noexcept;

  /// It does not fit; `why` is said. It is not looked at again until its name is gone.
  /// Returns: the one behind it. Errors: `why`, if it was asked for by its name.
  Iterator leave_out(Iterator ring, const Error& why);
  /// Of those that a pattern has matched, and of which nothing can come any more, only the last ones are kept, for an
  /// arena that may take the place of one: else who runs for long would map each that there ever was. `part`: called
  /// before one goes; false: it cannot go yet.
  void forget_gone(const std::function<bool(const TailRing&)>& part);

 private:
  static constexpr std::size_t kMostGone = 16;

  bool is_asked_for(const std::string& name) const;
  bool has(const std::string& name) const;
  std::set<std::string> matching(const std::string& pattern);
  void add_match(const std::string& name);
  void skip(const std::string& name, const Error& why);

  const std::vector<std::string>& asked_;
  bool by_name_;
  std::list<TailRing> rings_;
  std::set<std::string> unfit_;      // that are there
  std::set<std::string> skipped_;    // which was said
  std::set<std::string> there_;      // at this look, of all patterns
  std::list<const TailRing*> gone_;  // the longest one first
  std::size_t forgotten_ = 0;
  std::chrono::steady_clock::time_point looked_{};
};

}  // namespace arena_shm::tool
