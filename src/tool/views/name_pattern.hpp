// Names of arenas, chosen by patterns of the shell's kind, or by a part of them.
#pragma once

#include <string>
#include <string_view>

namespace arena_shm::tool {

/// Has it a *, ? or [?
bool is_pattern(std::string_view text) noexcept;

/// Is it this very name, or does the pattern match it as a whole?
bool matches(const std::string& pattern, const std::string& name);

/// The same for a pattern; any other text need only be a part of the name, in small or capital letters.
bool passes_filter(const std::string& filter, const std::string& name);

}  // namespace arena_shm::tool
