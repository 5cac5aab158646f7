// Counts, sizes and times on the command line: the one place that reads them. Each check leaves a plain
// decimal number; a zero in front does not make it octal.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

#include "terminal/command_line.hpp"
#include "text/quantity_input.hpp"

namespace arena_shm::terminal {

/// What an option of some type can hold, or less.
struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

/// "500", "64K", "1.5M": K M G T are powers of 1000, as in what is printed; Ki Mi Gi Ti are powers of 1024.
Check count(Range range = {});

/// "4096", "64K", "1.5GiB": K M G T are powers of 1024, with or without B or iB.
Check size(Range range = {});

using text::BareNumber;

/// "500ms", "1.5s", "5m", "1h30m": ns us ms s m h d. Leaves seconds.
Check duration(std::chrono::nanoseconds least, std::chrono::nanoseconds most, BareNumber bare);

/// A point in time: "2026-01-31T12:34:56.789Z" and other forms that text::read_time reads, or a duration, for so long
/// before now. Leaves nanoseconds since 1970, of either sign.
Check moment();

/// How often to look: of -i. From 10 ms to a day; a number alone is seconds.
Check interval();

/// How many a second: "0.5", "1000", "1.5M", above 0. Leaves a number for a double.
Check rate();

/// Where in an arena to begin: oldest, newest, or a sequence number, which is a count.
Check position();

}  // namespace arena_shm::terminal
