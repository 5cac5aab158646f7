// The page of `metrics` by HTTP. With metrics_server.cpp the only place that knows httplib.
#pragma once

#include <functional>
#include <string>

#include "serve/address.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

/// Serves the page until a signal asks to stop; says where. `page` is called by one thread at a time.
/// Errors: Code::system if the address cannot be had.
terminal::ExitCode serve_metrics(serve::Address address, std::function<std::string()> page);

}  // namespace arena_shm::tool
