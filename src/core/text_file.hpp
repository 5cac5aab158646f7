// Small files as text. Nothing here has to be initialised: it may be called before main, and from any thread.
#pragma once

#include <optional>
#include <string>

namespace arena_shm::core {

/// All of a file, as of /proc. Empty, and errno, if it cannot be opened or read.
std::optional<std::string> text_of(const std::string& path);

}  // namespace arena_shm::core
