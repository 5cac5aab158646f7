// Ends feeds that nobody holds any more, on a thread of its own: one may be in the middle of something, and who let it
// go has no time to wait for it.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "serve/feed.hpp"

namespace arena_shm::serve {

/// Thread safety: all members may be called from any thread.
class FeedEnder {
 public:
  FeedEnder();
  /// Waits for all that it has got.
  ~FeedEnder() = default;
  FeedEnder(const FeedEnder&) = delete;
  FeedEnder& operator=(const FeedEnder&) = delete;

  /// Never waits.
  void take(std::unique_ptr<Feed> feed) noexcept;

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;
  std::list<std::unique_ptr<Feed>> feeds_;  // guarded
  std::condition_variable_any news_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace arena_shm::serve
