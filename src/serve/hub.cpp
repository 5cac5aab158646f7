#include "serve/hub.hpp"

#include <fmt/format.h>

#include <exception>
#include <memory>
#include <utility>

#include "arena_shm/core/segment.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::serve {

namespace {

constexpr std::size_t kMostTold = 100;

}  // namespace

Hub::Hub(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}

std::string Hub::checked(const std::string& name) const {
  std::string checked = core::checked_name(name);
  if (!surroundings_.is_wanted(checked)) {
    throw Error(Code::not_found, {.name = checked,
                                  .doing = "look at",
                                  .expected = "a ring that this server shows",
                                  .found = "another one",
                                  .remedy = "choose one of the list, or name it when the server is started"});
  }
  return checked;
}

std::shared_ptr<Feed> Hub::feed(const std::string& name) {
  std::string checked = this->checked(name);
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
  const std::shared_ptr<Feed> feed(new Feed(std::move(checked)),
                                   [this](Feed* ended) { ender_.take(std::unique_ptr<Feed>(ended)); });
  known = feed;
  return feed;
}

void Hub::survey() {
  const std::unique_lock busy(survey_, std::try_to_lock);
  if (!busy) return;
  std::shared_ptr<const std::string> rings;
  std::string problem;
  try {
    rings = std::make_shared<const std::string>(surroundings_.rings());
  } catch (const std::exception& error) {
    problem = fmt::format("the list of rings is not new: {}", error.what());
  }
  complain(Part::survey, problem);
  const std::lock_guard lock(mutex_);
  if (!rings || *rings == *rings_) return;
  rings_ = std::move(rings);
  ++version_;
}

void Hub::complain(const std::string& text) {
  const std::lock_guard lock(telling_);
  if (text.empty() || told_.size() >= kMostTold || !told_.insert(text).second) return;
  if (surroundings_.tell) surroundings_.tell(text);
}

void Hub::complain(Part part, const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    troubles_[static_cast<std::size_t>(part)] = text;
  }
  complain(text);
}

std::string Hub::trouble() const {
  const std::lock_guard lock(mutex_);
  std::string all;
  for (const std::string& one : troubles_) {
    if (!all.empty() && !one.empty()) all += '\n';
    all += one;
  }
  return all;
}

std::shared_ptr<const std::string> Hub::rings(std::uint64_t& version) const {
  const std::lock_guard lock(mutex_);
  version = version_;
  return rings_;
}

}  // namespace arena_shm::serve
