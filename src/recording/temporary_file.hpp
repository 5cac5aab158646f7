// A file without a name, for what has to be read or written elsewhere than at its end, and goes through a pipe.
#pragma once

#include <string>

#include "arena_shm/core/system.hpp"

namespace arena_shm::recording {

/// In the directory for temporary files (TMPDIR). Goes away with the descriptor. Errors: Code::no_space, system, ...
core::Descriptor temporary_file();

/// Appends all that can be read from `source` to `target`; `target_name` is for errors.
/// Errors: OutputClosed; as reading and writing fail.
void copy_all(int source, const std::string& source_name, int target, const std::string& target_name);

}  // namespace arena_shm::recording
