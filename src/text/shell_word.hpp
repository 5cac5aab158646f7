// Words that are to be typed into a shell.
#pragma once

#include <string>
#include <string_view>

namespace arena_shm::text {

/// Between single quotes: 'it'\''s'
std::string shell_quoted(std::string_view text);

/// As it is if the shell would leave it so, or between quotes.
std::string shell_word(std::string_view text);

}  // namespace arena_shm::text
