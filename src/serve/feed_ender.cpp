#include "serve/feed_ender.hpp"

#include <new>
#include <utility>

namespace arena_shm::serve {

FeedEnder::FeedEnder() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void FeedEnder::take(std::unique_ptr<Feed> feed) noexcept {
  feed->request_stop();
  try {
    const std::lock_guard lock(mutex_);
    feeds_.push_back(std::move(feed));
  } catch (const std::bad_alloc&) {
    return;  // so it is waited for after all
  }
  news_.notify_one();
}

void FeedEnder::run(const std::stop_token& stop) {
  for (;;) {
    std::list<std::unique_ptr<Feed>> feeds;
    {
      std::unique_lock lock(mutex_);
      if (!news_.wait(lock, stop, [this] { return !feeds_.empty(); })) return;
      feeds.swap(feeds_);
    }
  }
}

}  // namespace arena_shm::serve
