// One connection of a browser: requests for the files of the page, one to save a ring, or a WebSocket.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "serve/desk.hpp"

namespace arena_shm::serve {

/// Serves it until it ends. Requires: the desk outlives the connection; the thread of the socket's io_context.
void serve_connection(boost::asio::ip::tcp::socket socket, Desk& desk);

}  // namespace arena_shm::serve
