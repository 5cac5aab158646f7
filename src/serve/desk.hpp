// What connections of one server have in common.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "serve/hub.hpp"
#include "serve/viewer.hpp"

namespace arena_shm::serve {

/// A page that is open. Thread safety, as of the desk: the server's thread only.
class OpenPage {
 public:
  virtual ~OpenPage() = default;
  /// Sends what is new, if the page has asked for it and has taken all that was sent.
  virtual void pump() = 0;
};

struct Desk {
  static constexpr std::size_t kMostConnections = 256;

  std::shared_ptr<Hub> hub;
  Elsewhere elsewhere;
  std::vector<std::weak_ptr<OpenPage>> pages{};
  std::size_t connections = 0;

  /// A page has been opened: it gets the list of rings soon.
  void admit(const std::shared_ptr<OpenPage>& page) {
    pages.push_back(page);
    elsewhere([hub = hub] { return hub->survey(), std::string(); }, [](const std::string&) {});
  }
};

/// Counts connections.
class Seat {
 public:
  explicit Seat(Desk& desk) : desk_(desk) { ++desk_.connections; }
  ~Seat() { --desk_.connections; }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

 private:
  Desk& desk_;
};

}  // namespace arena_shm::serve
