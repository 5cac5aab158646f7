// What a damaged arena means for how a verb ends.
#pragma once

#include "inspect/facts.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

/// Of a verb that has looked at the arena: not ok if anything is wrong with it, also if it could be shown.
inline terminal::ExitCode exit_code_of(const inspect::Facts& facts) noexcept {
  if (!facts.usable) return terminal::exit_code_of(facts.refusal);
  return facts.problems.empty() ? terminal::ExitCode::ok : terminal::ExitCode::failed;
}

}  // namespace arena_shm::tool
