// The arenas of this host.
#pragma once

#include <functional>

#include "arena_shm/error.hpp"
#include "inspect/image.hpp"

namespace arena_shm::inspect {

/// What is told of something that could not be looked at, by its error.
using Skip = std::function<void(const Error&)>;

/// Gives `look` everything in the directory of live segments that begins as an arena does, by name, one after the
/// other: one file is open at a time. What cannot be opened is given to `skip`, and so is what `look` throws; then it
/// goes on. Errors: those of the directory itself.
void for_each_arena(const std::function<void(Image)>& look, const Skip& skip);

}  // namespace arena_shm::inspect
