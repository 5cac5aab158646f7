// The arenas that a verb is to look at: one, several, or all on this host.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "inspect/image.hpp"
#include "terminal/command_line.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

struct ChosenArenas {
  std::vector<std::string> names;  ///< none: all
  std::string file;                ///< a saved segment instead, if the verb takes one

  /// So that what is printed has to say which arena it is about.
  bool may_be_many() const noexcept { return file.empty() && names.size() != 1; }

  /// Calls `look` with each. One that cannot be looked at is reported, and the others come nevertheless.
  /// Returns: the first exit code that is not ok. Errors: Error, if it is the only one; OutputClosed.
  terminal::ExitCode for_each(const std::function<terminal::ExitCode(const inspect::Image&)>& look) const;
};

/// Adds `NAME...`.
terminal::Option add_arenas(const terminal::Command& verb, ChosenArenas& chosen);
/// Adds `NAME...` and `--file`.
void add_arenas_or_file(const terminal::Command& verb, ChosenArenas& chosen);

}  // namespace arena_shm::tool
