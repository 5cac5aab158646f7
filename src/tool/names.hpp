// The names of arenas on this host.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/image.hpp"

namespace arena_shm::tool {

/// Everything in the directory of live segments that begins as an arena does, by name. Files that may not be read are
/// added to `unreadable`, if given.
std::vector<inspect::Image> live_arenas(std::vector<std::string>* unreadable = nullptr);

/// The candidate that is most like the word, if one is near enough to be a misspelling of it.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace arena_shm::tool
