#include "tool/verbs/tail_absence.hpp"

#include <fmt/format.h>

#include "recording/lanes.hpp"
#include "terminal/output.hpp"
#include "text/quantities.hpp"

namespace arena_shm::tool {

void note_shortfall(const std::string& text, const TailInput& input) {
  if (!text.empty()) terminal::note(fmt::format("'{}': {}", input.info().name, text));
}

void note_none_since(const recording::Since& since, const TailInput& input) {
  if (recording::count_between(recording::first_from(0, input.info().lanes), input.heads()) == 0) return;
  terminal::note(fmt::format("'{}': {}", input.info().name, since.none_text()));
}

void note_retired(const TailInput& input) {
  terminal::note(
      fmt::format("arena '{}' was removed or replaced; still following the old arena; -F goes on with the new one",
                  input.info().name));
}

void note_no_match(std::uint64_t count, const TailInput& input) {
  terminal::note(fmt::format("'{}': none of {} matches", input.info().name, text::counted(count, "value")));
}

}  // namespace arena_shm::tool
