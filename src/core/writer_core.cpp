#include "arena_shm/core/writer_core.hpp"

#include <algorithm>
#include <string>

#include "arena_shm/core/consumers.hpp"
#include "arena_shm/error.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm::core {
namespace {

std::string describe(const ConsumerInfo& one) {
  std::string text;
  if (one.kind == ConsumerKind::group) {
    text.append("group '").append(one.name).append("' with ").append(counted(one.members, "living member"));
  } else {
    text.append(one.kind == ConsumerKind::member ? "member '" : "consumer '").append(one.name);
    if (one.kind == ConsumerKind::member) text.append("/").append(std::to_string(one.index));
    text.append("'");
    if (one.life == ConsumerLife::away) {
      text.append(", which is away,");
    } else {
      text.append(" (process ").append(std::to_string(one.pid));
      if (!one.process.empty()) text.append(", ").append(one.process);
      text.append(")");
    }
  }
  text.append(" at ").append(std::to_string(one.position)).append(", ").append(counted(one.lag, "value"));
  return text.append(one.kind == ConsumerKind::member ? " in hand" : " behind");
}

}  // namespace

std::vector<ConsumerInfo> WriterCore::blocked_by() const {
  const Segment& segment = *hold().segment();
  std::vector<ConsumerInfo> all = consumers(segment);
  const Ring lane = segment.lane_of_seat(hold().index());
  std::erase_if(all, [&](const ConsumerInfo& one) { return !leaves_no_room(segment, one.index, lane); });
  return all;
}

LaneWriter& WriterCore::lane() {
  if (lane_) return *lane_;
  throw Error(Code::invalid_argument, {.name = hold().segment()->info().name,
                                       .doing = "keep to given numbers in",
                                       .expected = "an arena whose writer has its numbers alone, exclusive or laned",
                                       .found = "one of shared writers",
                                       .remedy = "create it with other writers"});
}

void WriterCore::refuse_timeout(std::chrono::nanoseconds timeout) const {
  std::string found;
  for (const ConsumerInfo& one : blocked_by()) found += (found.empty() ? "" : "; ") + describe(one);
  throw Error(Code::timed_out,
              {.name = hold().segment()->info().name,
               .doing = "alloc in",
               .expected = "room for a value within " + std::to_string(timeout.count()) + " ns",
               .found = found.empty() ? "none, though no consumer is in the way any more" : "none, because of " + found,
               .remedy = "see what that one does; or end it; or evict it"});
}

}  // namespace arena_shm::core
