// Arenas looked at again and again: what their counters say, and what has become of the arenas meanwhile.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/error.hpp"
#include "inspect/facts.hpp"
#include "inspect/heads.hpp"
#include "inspect/image.hpp"
#include "inspect/seats.hpp"
#include "terminal/names.hpp"
#include "tool/views/consumer_table.hpp"

namespace arena_shm::tool {

/// What the counters of one arena said at one moment.
struct Sample {
  std::chrono::steady_clock::time_point at{};
  std::int64_t realtime_ns = 0;
  inspect::Counters counters{};
  inspect::Heads heads{};  ///< read after the counters
  std::optional<std::int64_t> newest_age_ns{};
  std::optional<Blocker> blocker{};

  /// No more holes than that: numbers that were handed out and that no value was counted for. Some of them may be on
  /// their way yet. No fewer than `counters.skipped` are holes.
  std::uint64_t holes_max() const noexcept {
    return heads.count() > counters.values ? heads.count() - counters.values : 0;
  }
};

/// Of values that a filter is for.
struct Matches {
  std::optional<double> per_second{};  ///< nothing: it cannot be told
};

struct Watched {
  std::string name;
  dev_t device = 0;  ///< with the inode and the epoch, what tells it from one that was made anew
  ino_t inode = 0;
  inspect::Facts facts;   ///< as they were when it was found
  bool readable = false;  ///< the samples mean something
  Sample now{};
  std::optional<Sample> before{};                   ///< nothing: it has just been found
  std::chrono::steady_clock::time_point changed{};  ///< since then, at least, nothing has changed
  bool ever_changed = false;                        ///< between any two samples
  std::optional<Matches> matches{};                 ///< if they are asked for

  bool is_lossless() const noexcept { return facts.info.full == Full::wait; }
  std::uint64_t slots_of_lane() const noexcept { return facts.header.slot_count; }
};

/// What has happened between two samples.
struct Rates {
  std::chrono::nanoseconds elapsed{};
  double values_per_second = 0;
  double bytes_per_second = 0;
  std::optional<double> lap_seconds{};  ///< how long the ring lasts, the fastest lane; nothing if it does not move
};
/// Nothing if there is only one sample.
std::optional<Rates> rates_of(const Watched& arena) noexcept;

/// Thread safety: none.
class Watch {
 public:
  using Say = std::function<void(std::string_view)>;

  enum class Absent : std::uint8_t {
    is_an_error,    ///< at the first look
    is_waited_for,  ///< until it comes
  };

  /// Watches the arenas of these names, and those that match a pattern (name_pattern.hpp) among them, also if they come
  /// later, or are made anew; without any, all. `say` is told what is wrong, once.
  Watch(const std::vector<std::string>& names, Say say, Absent absent = Absent::is_an_error);

  /// Looks at them. The first time it says which of the names and patterns stand for none; later, what is gone, and
  /// what was made anew.
  /// Errors: those of Image::of_arena, or Code::not_found, if there is nothing to watch at the first look, unless that
  /// is waited for.
  void sample();

  /// Those of patterns by their names, then the others in the order of the names; the damaged ones too. None of their
  /// files is open.
  const std::vector<Watched>& arenas() const noexcept { return arenas_; }
  std::size_t readable_count() const noexcept;
  /// Has any of them been damaged, absent at first, or left out other than as another user's?
  terminal::ExitCode code() const noexcept { return verdict_.code(); }

 private:
  void look(const inspect::Image& image, std::vector<Watched>& arenas);
  void skip(const Error& error, std::vector<Watched>& arenas);
  Watched adopt(const inspect::Image& image);
  void take_sample(Watched& arena, const inspect::Image& image);
  void say_gone(const Watched& arena);
  void remember(const Watched& gone);
  void say_restarted(const Watched& arena);

  // One that was watched before.
  struct Gone {
    std::string name;
    std::array<std::uint8_t, 16> epoch;
  };
  static constexpr std::size_t kMostGone = 256;

  bool is_wanted(const std::string& name) const;
  void look_around(std::vector<Watched>& arenas);
  std::vector<Error> refuse_without_match(const std::vector<Watched>& arenas) const;
  void say_refused(const std::vector<Error>& refused, bool is_all);
  void say_absent(const std::vector<Error>& refused) const;

  std::vector<std::string> names_;
  std::vector<std::string> patterns_;
  Say say_;
  Absent absent_;
  std::vector<Watched> arenas_;
  std::deque<Gone> gone_;          // the newest one last
  std::set<std::string> skipped_;  // that has been said
  terminal::Verdict verdict_;
  bool is_first_ = true;
};

/// Waits until then, or until a signal asks to stop. Returns: false if it does. Errors: OutputClosed.
/// Calls `meanwhile` some times a second.
bool wait_until(std::chrono::steady_clock::time_point then, const std::function<void()>& meanwhile = {});

/// When the next look is due after one that was due `then`: an interval later, as long as that leaves most of an
/// interval. Who was stopped, or held up by a full pipe, begins anew from now: no looks in haste to catch up.
std::chrono::steady_clock::time_point next_tick(std::chrono::steady_clock::time_point then,
                                                std::chrono::steady_clock::duration interval,
                                                std::chrono::steady_clock::time_point now) noexcept;

/// Until rates can be told: two looks so far apart, or as far as the interval that was asked for.
inline constexpr std::chrono::milliseconds kFirstInterval{200};

}  // namespace arena_shm::tool
