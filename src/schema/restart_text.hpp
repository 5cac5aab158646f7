// Restarts as text, for people.
#pragma once

#include <string>
#include <string_view>

#include "arena_shm/restart.hpp"

namespace arena_shm::schema {

/// "restarted: arena 'ticks' was created anew at 2026-01-31T12:34:56.789012345Z, epoch 0a..; the one before had 7f.."
std::string describe(std::string_view arena, const Restart& restart);

}  // namespace arena_shm::schema
