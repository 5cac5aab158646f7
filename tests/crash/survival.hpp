// What must hold after, or while, others are dead or stopped.
#pragma once

#include <cstdint>
#include <string>

#include "arena_shm/arena.hpp"
#include "crash/scenarios.hpp"

namespace arena_shm::test {

/// Three laps by a lock-free writer that may not wait. Returns what is wrong, or nothing.
std::string writers_go_on(const std::string& name, std::uint64_t laps = 3);

/// Arena::alloc in a process of its own comes back. Returns what is wrong, or nothing.
std::string guarded_callers_go_on(const std::string& name);

/// Every seq up to head is delivered whole or counted. `anyone_stopped`: some may be passed over.
std::string all_is_accounted_for(Reader<CrashValue>& reader, std::uint64_t head, bool anyone_stopped);

/// As many seats can be taken as are not held by the living.
std::string seats_are_reusable(const std::string& name, std::uint32_t living);

/// Nothing of an interrupted create is left but, perhaps, a whole segment.
std::string nothing_half_made(const std::string& name);

}  // namespace arena_shm::test
