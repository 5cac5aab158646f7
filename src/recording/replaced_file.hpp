// A file that is there as a whole or not at all.
#pragma once

#include <string>
#include <string_view>

namespace arena_shm::recording {

/// Puts the text in the place of what the file holds: written beside it, as PATH.PID.new, and renamed, so that nobody
/// reads half of it. A file that is there keeps its mode; a symbolic link leads to the same file as before; pipes and
/// devices are written to as they are. Errors: OutputClosed, Code::no_space, permission_denied, system.
void replace_file(const std::string& path, std::string_view text);

}  // namespace arena_shm::recording
