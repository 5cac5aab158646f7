// What one page is told of the ring that it looks at: only what is new since it was told last.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "serve/feed.hpp"

namespace arena_shm::serve {

/// What a page wants to see.
struct Sight {
  std::shared_ptr<const Interest> interest;
  double span = 0;            ///< of the chart: seconds, or values; 0: what is usual
  std::size_t columns = 800;  ///< pixels of the chart
  bool live = true;           ///< else nothing but news of the ring itself
};

/// Thread safety: none.
class WatchText {
 public:
  WatchText(std::shared_ptr<Feed> feed, Sight sight) : feed_(std::move(feed)), sight_(std::move(sight)) {
    feed_->add(sight_.interest);
  }

  Feed& feed() const noexcept { return *feed_; }
  const Sight& sight() const noexcept { return sight_; }
  /// Shows something else of the same ring.
  void change(Sight sight);
  /// An object of JSON, as README.md beside this file has it; empty if there is nothing new.
  std::string next();

 private:
  static constexpr std::uint64_t kUntold = std::numeric_limits<std::uint64_t>::max();

  std::string problem_of(const FeedState& state, const LensEntry& entry) const;
  void append_schema(std::string& out, const FeedState& state);
  void append_marks(std::string& out, const FeedState& state);
  void append_columns(std::string& out, const FeedState& state, LensEntry& entry);
  void append_rows(std::string& out, const RingLayout& layout, const Lens& lens);
  void append_distributions(std::string& out, const LensEntry& entry);

  std::shared_ptr<Feed> feed_;
  Sight sight_;
  // What the page has been told.
  std::optional<std::uint64_t> generation_;
  const Lens* lens_ = nullptr;
  std::vector<std::size_t> series_;
  std::uint64_t returns_ = 0;
  std::size_t level_ = 0;
  bool is_reset_ = true;
  std::uint64_t version_ = 0;
  std::uint64_t mark_ = 0;
  std::uint64_t rows_ = kUntold;
  std::uint64_t distributions_ = kUntold;
  std::string trouble_ = "?";
  std::string problem_ = "?";
  std::uint64_t read_ = kUntold;
  std::chrono::steady_clock::time_point rows_at_{};
};

}  // namespace arena_shm::serve
