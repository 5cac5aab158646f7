// One ring, by its name, read once for all who look at it.
//
// A thread of its own takes every value as it comes, and puts it into the columns of each lens. It looks as often as
// the ring needs it, and never reads for more than a part of the time: what was overwritten meanwhile is counted. When
// the ring is removed and made anew, it reads what is left, and goes on with the new one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "arena_shm/raw.hpp"
#include "serve/distribution.hpp"
#include "serve/lens.hpp"

namespace arena_shm::serve {

/// What somebody looks at. Never changes; who wants something else makes a new one.
struct Interest {
  static constexpr std::size_t kMostFields = 16;

  std::string where;                ///< a filter; empty: all values
  std::vector<std::string> fields;  ///< names of series
  bool distributions = false;       ///< histograms, too
};

/// Something that happened to the ring, or to who reads it.
struct Mark {
  std::uint64_t number = 0;             ///< of this mark, from 1
  std::string kind;                     ///< "overwritten", "hole", "passed over", "restart", "removed"
  std::optional<std::int64_t> place{};  ///< along the chart
  std::string text;
};

/// A lens, and what became of it.
struct LensEntry {
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  std::string where;
  std::unique_ptr<Lens> lens;  ///< null: there is a problem
  std::string problem;
  bool is_refused = false;                    ///< there were too many others
  bool distributes = false;                   ///< somebody wants histograms
  std::vector<Distribution> distributions{};  ///< of each series of the lens
  std::uint64_t distributions_version = 0;
  std::uint64_t distributed_count = 0;  ///< Lens::count() at that time
  bool is_crowded = false;              ///< more different fields are wanted than it has room for
  std::chrono::steady_clock::time_point wanted{};
};

/// Everything that is known, while it does not change.
struct FeedState {
  std::shared_ptr<const RingLayout> layout;  ///< null: there has been no segment yet
  std::uint64_t generation = 0;              ///< counts segments
  std::string trouble;                       ///< why there is nothing new; empty if all is well
  std::int64_t origin = 0;                   ///< places are shown relative to it
  bool has_origin = false;
  std::deque<Mark> marks;
  LaneCounts counts{};  ///< of the reader, over all segments; no cursor
  std::vector<std::unique_ptr<LensEntry>> lenses;

  LensEntry* find(const std::string& where) const noexcept;
};

/// Thread safety: all members may be called from any thread.
class Feed {
 public:
  /// Series of one lens. More than that at once are not looked at.
  static constexpr std::size_t kMostSeriesOfLens = 64;

  explicit Feed(std::string name);
  /// Waits for its thread, which may be in the middle of something (FeedEnder).
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  const std::string& name() const noexcept { return name_; }
  /// Looks at that, as long as somebody else holds it.
  void add(const std::shared_ptr<const Interest>& interest);
  /// It ends soon.
  void request_stop() noexcept { thread_.request_stop(); }
  /// Calls look(state) while nothing changes.
  template <class Look>
  void with_state(Look&& look) const {
    const std::lock_guard lock(mutex_);
    look(state_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Segment;

  using Interests = std::vector<std::shared_ptr<const Interest>>;

  void run();
  std::string work(std::uint64_t& read);
  bool look_for_segment();
  void drain();
  void begin(RawView view);
  void serve_interests();
  void serve(const Interests& interests, LensEntry& entry);
  std::optional<std::size_t> room_for(const Interests& interests, LensEntry& entry, std::size_t series);
  void make_lens(const std::string& where);
  void fill(Lens& lens, std::optional<std::size_t> only);
  void distribute();
  std::size_t read_batch();
  void set_trouble(std::string text);
  void note(std::string kind, std::optional<std::int64_t> place, std::string text);
  bool is_in_vain();
  void rest(Clock::duration work, std::uint64_t read);

  std::string name_;
  mutable std::mutex mutex_;
  FeedState state_;                                       // guarded
  std::vector<std::weak_ptr<const Interest>> interests_;  // guarded
  bool has_news_ = false;                                 // guarded: of interests
  std::condition_variable_any news_;
  // Of the thread:
  std::stop_token stop_;
  std::unique_ptr<Segment> segment_;
  std::string missing_;      // why there is no segment that lives
  bool was_absent_ = false;  // at some time there was none
  std::uint64_t marked_ = 0;
  Clock::time_point looked_{};  // for another segment
  Clock::time_point distributed_{};
  Clock::time_point began_{};  // this round
  std::jthread thread_;        // last: it uses the others
};

}  // namespace arena_shm::serve
