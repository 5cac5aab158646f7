// The page by HTTP, and a WebSocket for each page that is open; Boost.Beast is behind this header. One thread serves
// all of them, some more do what takes long (workers.hpp), and each ring that somebody looks at has one (feed.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "serve/address.hpp"
#include "serve/hub.hpp"

namespace arena_shm::serve {

class Server {
 public:
  /// Listens from now on. `address`: gets the port, if any will do. Errors: Code::system.
  Server(Address& address, Surroundings surroundings);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves until that says so; it is asked some times a second.
  void run(const std::function<bool()>& stop_requested);

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace arena_shm::serve
