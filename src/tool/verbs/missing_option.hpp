// --missing, of the verbs that read texts.
#pragma once

#include <optional>
#include <string>

#include "schema/value_text.hpp"
#include "terminal/command_line.hpp"

namespace arena_shm::tool {

/// Adds it to a verb.
void add_missing_option(const terminal::Command& verb, std::optional<std::string>& spellings);

/// What it says, or the usual spellings.
schema::Missing missing_from(const std::optional<std::string>& spellings);

}  // namespace arena_shm::tool
