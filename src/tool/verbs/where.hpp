// Where in an arena to begin, as the command line says it: oldest, newest, or a sequence number; and in what order to
// go on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arena_shm/options.hpp"
#include "arena_shm/raw.hpp"
#include "terminal/command_line.hpp"

namespace arena_shm::tool {

/// Requires: a text that terminal::position() left.
From from_of(const std::string& text);

/// Of each lane, where that is now. Errors: Code::invalid_argument, if it is beyond every possible sequence number.
Position place_in(const RawView& view, From from);

/// Adds --order to a verb.
void add_order_option(const terminal::Command& verb, std::optional<Order>& order);

}  // namespace arena_shm::tool
