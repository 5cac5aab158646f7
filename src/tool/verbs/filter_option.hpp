// --where: which values a verb is about.
#pragma once

#include <optional>
#include <string>

#include "terminal/command_line.hpp"

namespace arena_shm::tool {

/// Adds --where to a verb; recording::selection_of understands it, once the fields are known.
terminal::Option add_where_option(const terminal::Command& verb, std::optional<std::string>& expression);

/// What can be written behind it, as 'arena-shm help filters' prints it.
std::string filters_text();

}  // namespace arena_shm::tool
