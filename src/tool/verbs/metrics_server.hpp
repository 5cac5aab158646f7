// The page of `metrics` by HTTP. With metrics_server.cpp the only place that knows httplib.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

struct Address {
  std::string host = "127.0.0.1";  ///< what these numbers tell is not for everybody on the network, unless asked for
  int port = 0;                    ///< 0: any that is free
};

/// "9464", "localhost:9464", "[::1]:9464"
std::optional<Address> parse_address(std::string_view text);

/// Serves the page until a signal asks to stop; says where. `page` is called by one thread at a time.
/// Errors: Code::system if the address cannot be had.
terminal::ExitCode serve_metrics(Address address, std::function<std::string()> page);

}  // namespace arena_shm::tool
