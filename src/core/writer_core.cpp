#include "arena_shm/core/writer_core.hpp"

#include <algorithm>
#include <string>

#include "arena_shm/core/consumers.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

std::string describe(const ConsumerInfo& one, std::uint64_t in_lane) {
  std::string text = "consumer '" + one.name + "'";
  if (one.life == ConsumerLife::away)
    text += ", which is away,";
  else
    text += " (process " + std::to_string(one.pid) + (one.process.empty() ? "" : ", " + one.process) + ")";
  return text + " at " + std::to_string(one.position) + ", " + std::to_string(in_lane) + " values behind";
}

}  // namespace

std::vector<ConsumerInfo> WriterCore::blocked_by() const {
  const Segment& segment = *hold().segment();
  std::vector<ConsumerInfo> all = consumers(segment);
  const Ring lane = segment.lane_of_seat(hold().index());
  const std::uint64_t head = std::min(lane.head->load(std::memory_order_acquire), lane.limit);
  std::erase_if(all, [&](const ConsumerInfo& one) {
    const std::uint64_t released =
        segment.consumers().released(one.index, lane.first_seat).load(std::memory_order_acquire);
    return one.life == ConsumerLife::evicted || released >= head || head - released < lane.slot_count;
  });
  return all;
}

void WriterCore::refuse_timeout(std::chrono::nanoseconds timeout) const {
  std::string found;
  for (const ConsumerInfo& one : blocked_by()) found += (found.empty() ? "" : "; ") + describe(one, one.lag);
  throw Error(Code::timed_out,
              {.name = hold().segment()->info().name,
               .doing = "alloc in",
               .expected = "room for a value within " + std::to_string(timeout.count()) + " ns",
               .found = found.empty() ? "none, though no consumer is in the way any more" : "none, because of " + found,
               .remedy = "see what that one does; or end it; or evict it"});
}

}  // namespace arena_shm::core
