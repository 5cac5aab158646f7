// The WebSocket of one page that is open.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "serve/answers.hpp"
#include "serve/desk.hpp"

namespace arena_shm::serve {

/// Serves it until the page is gone. Requires: as serve_connection; a request that asks for one.
void accept_live(boost::asio::ip::tcp::socket socket, const Request& request, Desk& desk, std::unique_ptr<Seat> seat);

}  // namespace arena_shm::serve
