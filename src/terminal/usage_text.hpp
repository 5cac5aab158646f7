// What is said of a command line that was not understood.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace arena_shm::terminal {

/// "expected a verb, found 'ls'; did you mean 'list'?": misspelt, shortened, or another tool's word for it.
std::string unknown_verb_text(const CLI::App& app, const std::string& found);

/// What is wrong, in our words and not in CLI11's, with the option that was perhaps meant, and where to read on.
std::string usage_text(const CLI::App& app, const CLI::ParseError& error);

}  // namespace arena_shm::terminal
