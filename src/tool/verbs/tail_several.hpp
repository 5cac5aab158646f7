// tail of several arenas: their values as one sequence, by time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arena_shm/options.hpp"
#include "recording/since.hpp"
#include "terminal/exit_code.hpp"
#include "tool/verbs/tail_columns.hpp"

namespace arena_shm::tool {

struct SeveralAsked {
  std::vector<std::string> names;  ///< and patterns
  bool follow = false;
  bool follow_name = false;
  bool waits = false;
  bool gaps_inline = false;
  std::optional<Order> order{};  ///< arrival: as they are found
  recording::TimeSpan span{};
  std::optional<std::string> where{};
};

/// Prints until a stop is requested, or all is there that was asked for. Asks `printing` how the values of each arena
/// are printed, which also says how many are wanted. In follow, arenas that a pattern matches join when they come.
/// Errors: those of RawView::open; Code::invalid_argument, for arenas without times; incompatible_type, for arenas that
/// cannot stand in one table; OutputClosed.
terminal::ExitCode tail_several(const SeveralAsked& asked, const PrintingOf& printing);

}  // namespace arena_shm::tool
