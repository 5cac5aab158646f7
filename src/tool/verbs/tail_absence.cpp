#include "tool/verbs/tail_absence.hpp"

#include <fmt/format.h>

#include "recording/lanes.hpp"
#include "terminal/output.hpp"
#include "text/quantities.hpp"
#include "text/time_text.hpp"

namespace arena_shm::tool {

void note_none_since(std::int64_t ns, const TailInput& input) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  if (recording::count_between(recording::first_from(0, input.info().lanes), input.heads()) == 0) return;
  terminal::note(
      fmt::format("'{}': no value is from {} or later", input.info().name, text::time_text(ns, kNsPerSecond)));
}

void note_no_match(std::uint64_t count, const TailInput& input) {
  terminal::note(fmt::format("'{}': none of {} matches", input.info().name, text::counted(count, "value")));
}

}  // namespace arena_shm::tool
