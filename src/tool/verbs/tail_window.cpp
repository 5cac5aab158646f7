#include "tool/verbs/tail_window.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "arena_shm/options.hpp"
#include "tool/verbs/where.hpp"

namespace arena_shm::tool {

namespace {

constexpr std::uint64_t kDefaultCount = 10;

// The last `count` in front of `end` that are multiples of `every`.
std::uint64_t start_of_last(std::uint64_t count, std::uint64_t end, std::uint64_t every) {
  if (count == 0 || end == 0) return end;
  const std::uint64_t newest = (end - 1) / every;
  return (newest - std::min(count - 1, newest)) * every;
}

}  // namespace

Window window_of(const Asked& asked, std::optional<std::uint64_t> cursor, std::uint64_t head, std::uint64_t slots) {
  Window window;
  if (!asked.follow) window.end = head;
  if (asked.until) window.end = std::min(window.end, std::max(*asked.until + 1, *asked.until));
  if (cursor) {
    window.first = *cursor;
    window.count = asked.count.value_or(Window::kNoLimit);
  } else if (asked.from.empty()) {
    // As tail(1) does it: the last so many, and then all that comes.
    window.first = std::max(start_of_last(asked.count.value_or(kDefaultCount), std::min(window.end, head), asked.every),
                            From::oldest.cursor(head, slots));
  } else {
    window.first = start_of(asked.from, head, slots);
    window.count = asked.count.value_or(Window::kNoLimit);
  }
  return window;
}

std::string shortfall_of(const Asked& asked, const Window& window, std::uint64_t head, std::uint64_t slots) {
  if (asked.count == 0 || asked.from == "newest") return "";
  const std::string waits = asked.follow ? "waiting for values" : "use -f to wait for values";
  const auto not_there = [&](std::uint64_t seq) {
    const std::string why =
        asked.is_saved ? "had not been written when the segment was saved" : "has not been written yet; " + waits;
    return fmt::format("the newest value is {}; value {} {}", head - 1, seq, why);
  };
  if (head == 0 && asked.is_saved) return "the segment holds no values";
  if (head == 0) return asked.follow ? "" : "the arena holds no values yet; " + waits;
  if (window.first > head || (window.first == head && !asked.from.empty())) return not_there(window.first);
  if (asked.until && window.first > *asked.until) {
    const std::uint64_t oldest = From::oldest.cursor(head, slots);
    if (*asked.until < oldest)
      return fmt::format("the oldest value is {}; the values up to {} have been overwritten", oldest, *asked.until);
    return fmt::format("there are no values from {} to {}", window.first, *asked.until);
  }
  if (asked.until && *asked.until >= head && *asked.until != Window::kNoLimit && !asked.follow)
    return not_there(*asked.until);
  return "";
}

}  // namespace arena_shm::tool
