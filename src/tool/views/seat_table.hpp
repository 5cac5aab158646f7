// The seats of an arena as a table, and as objects; with when their lanes' newest values were appended.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "inspect/facts.hpp"
#include "inspect/seats.hpp"
#include "inspect/times.hpp"
#include "terminal/object_lines.hpp"

namespace arena_shm::tool {

/// A line for each seat that was ever used, without line ends.
struct SeatLines {
  struct Line {
    std::string text;
    bool is_alarming = false;  ///< its holder died, or waits
  };
  std::string heading;
  std::vector<Line> lines;
};
SeatLines seat_lines(const inspect::Facts& facts, const inspect::Seats& seats, const inspect::NewestTimes& newest,
                     std::size_t width);

/// Appends a line for each seat that was ever used, under a heading, as standard output is wide.
void append_seats(std::string& out, const inspect::Facts& facts, const inspect::Seats& seats,
                  const inspect::NewestTimes& newest);

/// All that is known of one seat; what is about its lane is null in arenas that are not laned. Requires: somebody has
/// had it.
terminal::JsonObject seat_object(const inspect::SeatFacts& seat, const inspect::Facts& facts,
                                 const inspect::NewestTimes& newest);

/// "2 alive, 1 dead, 61 never used"
std::string count_seats(const inspect::Seats& seats);

}  // namespace arena_shm::tool
