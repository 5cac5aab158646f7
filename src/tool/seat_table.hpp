// The seats of an arena as a table.
#pragma once

#include <string>

#include "inspect/facts.hpp"
#include "inspect/seats.hpp"

namespace arena_shm::tool {

/// Appends a line for each seat that was ever used, under a heading.
void append_seats(std::string& out, const inspect::Facts& facts, const inspect::Seats& seats);

/// "2 alive, 1 dead, 61 never used"
std::string count_seats(const inspect::Seats& seats);

}  // namespace arena_shm::tool
