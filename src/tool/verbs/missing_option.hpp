// --missing, of the verbs that read texts.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "schema/value_text.hpp"

namespace arena_shm::tool {

/// Adds it to a verb.
void add_missing_option(CLI::App& verb, std::optional<std::string>& spellings);

/// What it says, or the usual spellings.
schema::Missing missing_from(const std::optional<std::string>& spellings);

}  // namespace arena_shm::tool
