// `plot` in a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "terminal/exit_code.hpp"
#include "terminal/screen.hpp"
#include "tool/verbs/plot_feed.hpp"

namespace arena_shm::tool {

/// Draws what comes until the user quits or a stop is requested. `window_ns`: how much of it is seen at once, where
/// there are times. Errors: as PlotFeed.
terminal::ExitCode plot_live(terminal::Screen& screen, const PlotAsked& asked, std::int64_t window_ns);

/// Prints once what is there. Errors: as PlotFeed, OutputClosed.
terminal::ExitCode plot_once(const PlotAsked& asked);

}  // namespace arena_shm::tool
