// Words that were not understood.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arena_shm::text {

/// The candidate that is most like the word, if one is near enough to be a misspelling of it.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace arena_shm::text
