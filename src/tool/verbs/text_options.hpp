// Options that verbs have in common which read CSV.
#pragma once

#include <CLI/CLI.hpp>

#include "recording/text_lines.hpp"

namespace arena_shm::tool {

/// Adds --delimiter, --header and --comment to a verb.
void add_text_options(CLI::App& verb, recording::TextDialect& dialect);

}  // namespace arena_shm::tool
