// What all pages share: the rings of this host, and a feed for each ring that somebody looks at.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "serve/feed.hpp"

namespace arena_shm::serve {

/// What the server is told by who starts it. All are called by threads of the server.
struct Surroundings {
  /// A look at all rings: an array of JSON, an object for each. One thread at a time.
  std::function<std::string()> rings;
  /// May a page look at the ring of this name?
  std::function<bool(const std::string& name)> is_wanted;
  /// Saves what the ring holds now; returns an object of JSON that says where. Null: nothing may be saved.
  /// Errors: Error.
  std::function<std::string(const std::string& name)> save;
};

/// Thread safety: all members may be called from any thread.
class Hub {
 public:
  /// More rings at once are not read.
  static constexpr std::size_t kMostFeeds = 64;

  explicit Hub(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}

  /// The feed of that name, for as long as somebody holds it. Errors: Code::invalid_argument, not_found.
  std::shared_ptr<Feed> feed(const std::string& name);

  /// Looks at all rings, if nobody does so at the moment.
  void survey();
  /// The array of the last look, and its number; it changes when the array does.
  std::shared_ptr<const std::string> rings(std::uint64_t& version) const;

  const Surroundings& surroundings() const noexcept { return surroundings_; }

 private:
  Surroundings surroundings_;
  mutable std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Feed>> feeds_;
  std::shared_ptr<const std::string> rings_ = std::make_shared<const std::string>("[]");
  std::uint64_t version_ = 0;
  std::mutex survey_;
};

}  // namespace arena_shm::serve
