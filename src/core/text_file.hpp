// Small files as text, and the names in a directory: by descriptors that are never 0, 1 or 2, which streams do not
// give.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace arena_shm::core {

/// All of a file, as of /proc. Empty, and errno, if it cannot be opened or read.
std::optional<std::string> text_of(const std::string& path);

/// Its first line, without the end of line. Empty, and errno, if there is none.
std::optional<std::string> first_line_of(const std::string& path);

/// The names in a directory, without "." and "..", in order. None, and errno, if it cannot be read; else errno is 0.
std::vector<std::string> names_in(const std::string& path);

}  // namespace arena_shm::core
