// Why tail has printed nothing, or will print nothing more.
#pragma once

#include <cstdint>
#include <string>

#include "recording/since.hpp"
#include "tool/verbs/tail_input.hpp"

namespace arena_shm::tool {

/// What was asked for is not there; or nothing.
void note_shortfall(const std::string& text, const TailInput& input);
/// No value is of that time; unless there are none at all, which is told elsewhere.
void note_none_since(const recording::Since& since, const TailInput& input);
/// The name is not its arena's any more.
void note_retired(const TailInput& input);
/// So many values have come, and none matches.
void note_no_match(std::uint64_t count, const TailInput& input);

}  // namespace arena_shm::tool
