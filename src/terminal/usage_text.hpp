// What is said of a command line: its help, and what was not understood.
#pragma once

#include <optional>
#include <string>

#include "terminal/command_line.hpp"

namespace CLI {
class ParseError;
}

namespace arena_shm::terminal {

/// What --help prints for a verb, or for the whole program if it is empty. Nothing, if there is none of this name.
std::optional<std::string> help_text(const Command& app, const std::string& verb);
std::string version_text(const Command& app);

/// "expected a verb, found 'ls'; did you mean 'list'?": misspelt, shortened, or another tool's word for it.
std::string unknown_verb_text(const Command& app, const std::string& found);

/// What is wrong, in our words and not in CLI11's, with the option that was perhaps meant, and where to read on.
std::string usage_text(const Command& app, const CLI::ParseError& error);

}  // namespace arena_shm::terminal
