// Options that verbs have in common which read CSV.
#pragma once

#include "recording/text_lines.hpp"
#include "terminal/command_line.hpp"

namespace arena_shm::tool {

/// Adds --delimiter, --header and --comment to a verb.
void add_text_options(const terminal::Command& verb, recording::TextDialect& dialect);

}  // namespace arena_shm::tool
