// Sentences in a width.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace arena_shm::text {

/// Appends the text in lines of at most `width` characters, broken at spaces; each line but the first is indented, and
/// what is in `out` since its last line end counts for the first one. A word that fits no line has one to itself.
/// Ends with a line end. Requires: well-formed UTF-8.
void append_wrapped(std::string& out, std::string_view text, std::size_t width, std::size_t indent);

}  // namespace arena_shm::text
