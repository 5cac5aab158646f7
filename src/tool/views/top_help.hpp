// What top says of its keys and columns.
#pragma once

#include <array>

namespace arena_shm::tool {

inline constexpr std::array kTopHelp{
    "q          quit",
    "up, down   select an arena: its seats are below; also k, j",
    "Home, End  select the first, the last; also g, G",
    "s          sort by name, rate, written or holes, in turn",
    "r          reverse the order",
    "/          show only arenas whose name has this text, or",
    "           matches a pattern like tick*:",
    "           Enter keeps it, Esc clears it",
    "^L         redraw the screen",
    "?          this help",
    "",
    "WRITTEN    values so far",
    "RATE/s     values per second in the last interval",
    "MB/s       the same, in megabytes per second",
    "LAP        the time in which the ring is overwritten once,",
    "           or the fastest lane of a laned arena",
    "SKIPPED    sequence numbers that living writers gave up",
    "HOLES      those, and the ones that dead writers left; or a range",
    "CHANGED    how long ago a counter last changed",
    "NEWEST     age of the newest value",
    "BLOCKED BY the consumer for which a lossless arena is full",
};

}  // namespace arena_shm::tool
