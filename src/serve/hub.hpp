// What all pages share: the rings of this host, and a feed for each ring that somebody looks at.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "serve/capture_order.hpp"
#include "serve/feed.hpp"
#include "serve/feed_ender.hpp"

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
  /// Saves what the ring holds from so long before a moment on, and what comes so long after it, which it waits for.
  /// Returns and errors: as `save`. Null where that one is.
  std::function<std::string(const std::string& name, const CaptureOrder& order)> capture{};
  /// Tells who has started the server what goes wrong. One thread at a time.
  std::function<void(const std::string& text)> tell;
};

/// What can go wrong for a while, for all pages.
enum class Part : std::uint8_t { survey, accept };

/// Thread safety: all members may be called from any thread.
class Hub {
 public:
  /// More rings at once are not read.
  static constexpr std::size_t kMostFeeds = 64;

  explicit Hub(Surroundings surroundings);

  /// May a page look at the ring of this name? Returns: the name. Errors: Code::invalid_argument, not_found.
  std::string checked(const std::string& name) const;
  /// The feed of that name, for as long as somebody holds it. Errors: as checked(); std::exception, if the host lets no
  /// thread be made. Requires: the hub outlives it.
  std::shared_ptr<Feed> feed(const std::string& name);

  /// Looks at all rings, if nobody does so at the moment. Errors: none; what goes wrong is told.
  void survey();
  /// The array of the last look, and its number; it changes when the array does.
  std::shared_ptr<const std::string> rings(std::uint64_t& version) const;

  /// Tells who has started the server, of the same text only once.
  void complain(const std::string& text);
  /// The same, and tells all pages, until that part is well again: an empty text.
  void complain(Part part, const std::string& text);
  /// What is to be told to all pages; empty if all is well.
  std::string trouble() const;

  const Surroundings& surroundings() const noexcept { return surroundings_; }

 private:
  Surroundings surroundings_;
  FeedEnder ender_;
  mutable std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Feed>> feeds_;
  std::shared_ptr<const std::string> rings_ = std::make_shared<const std::string>("[]");
  std::uint64_t version_ = 0;
  std::array<std::string, 2> troubles_;  // by Part
  std::set<std::string> told_;
  std::mutex telling_;
  std::mutex survey_;
};

}  // namespace arena_shm::serve
