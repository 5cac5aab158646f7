// Options that verbs have in common which write recordings, and what they say at the end.
#pragma once

#include "recording/recorder.hpp"
#include "recording/recording_writer.hpp"
#include "terminal/command_line.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

/// Adds -o, --format, --force and --int64 to a verb.
void add_file_options(const terminal::Command& verb, recording::FileOptions& options);

/// The same, for a verb that makes files with numbers and replaces none.
void add_numbered_file_options(const terminal::Command& verb, recording::FileOptions& options);

/// Says how it ended. Returns: the exit code.
terminal::ExitCode conclude(const recording::Recorded& recorded);

}  // namespace arena_shm::tool
