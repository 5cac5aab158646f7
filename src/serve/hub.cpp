#include "serve/hub.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "arena_shm/core/segment.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::serve {

std::shared_ptr<Feed> Hub::feed(const std::string& name) {
  std::string checked = core::checked_name(name);
  if (!surroundings_.is_wanted(checked)) {
    throw Error(Code::not_found, {.name = checked,
                                  .doing = "look at",
                                  .expected = "a ring that this server shows",
                                  .found = "another one",
                                  .remedy = "choose one of the list, or name it when the server is started"});
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(feeds_, [](const auto& feed) { return feed.second.expired(); });
  std::weak_ptr<Feed>& known = feeds_[checked];
  if (auto feed = known.lock()) return feed;
  if (feeds_.size() > kMostFeeds) {
    feeds_.erase(checked);
    throw Error(Code::invalid_argument, {.name = name,
                                         .doing = "look at",
                                         .expected = "no more than 64 rings that somebody looks at",
                                         .found = "as many, and this one",
                                         .remedy = "close some pages"});
  }
  auto feed = std::make_shared<Feed>(std::move(checked));
  known = feed;
  return feed;
}

void Hub::survey() {
  const std::unique_lock busy(survey_, std::try_to_lock);
  if (!busy) return;
  auto rings = std::make_shared<const std::string>(surroundings_.rings());
  const std::lock_guard lock(mutex_);
  if (*rings == *rings_) return;
  rings_ = std::move(rings);
  ++version_;
}

std::shared_ptr<const std::string> Hub::rings(std::uint64_t& version) const {
  const std::lock_guard lock(mutex_);
  version = version_;
  return rings_;
}

}  // namespace arena_shm::serve
