// The page of `metrics` by HTTP. With metrics_server.cpp the only place that knows httplib.
#pragma once

#include <functional>
#include <string>

#include "serve/address.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/signals.hpp"

namespace arena_shm::tool {

/// Serves the page until a signal asks to stop, or `is_over`; says where. `page` is called by one thread at a time.
/// Errors: Code::system if the address cannot be had.
terminal::ExitCode serve_metrics(serve::Address address, std::function<std::string()> page,
                                 const std::function<bool()>& is_over = terminal::stop_requested);

}  // namespace arena_shm::tool
