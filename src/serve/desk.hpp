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
  /// What is done for it elsewhere is for nobody any more.
  virtual void cancel() = 0;
};

struct Desk {
  static constexpr std::size_t kMostConnections = 256;

  /// Beyond them, and some more that are told so, connections are closed at once.
  static constexpr std::size_t kMostRefused = 16;

  std::shared_ptr<Hub> hub;
  Elsewhere scan{};     ///< parts of rings
  Elsewhere save{};     ///< what rings hold; nobody's zoom waits for it
  Elsewhere capture{};  ///< what comes into rings
  Elsewhere survey{};   ///< all rings
  std::vector<std::weak_ptr<OpenPage>> pages{};
  std::size_t connections = 0;

  /// A page has been opened: it gets the list of rings soon.
  void admit(const std::shared_ptr<OpenPage>& page) {
    pages.push_back(page);
    look();
  }
  /// Looks at all rings, soon.
  void look() {
    // Refused if the last looks are not over: there will be news soon.
    static_cast<void>(survey([hub = hub] { return hub->survey(), std::string(); }, [](const std::string&) {}));
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
