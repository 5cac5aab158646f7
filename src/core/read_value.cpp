#include "arena_shm/core/read_value.hpp"

#include "arena_shm/core/settle.hpp"

namespace arena_shm::core {

ReadStatus status_of_unseen(const Segment& segment, const Ring& lane, std::uint64_t number) {
  segment.require_own_process();
  if (lane.head->load(std::memory_order_acquire) <= number) return ReadStatus::not_yet;  // T1

  Effort effort(0);  // one scan, whatever it takes
  switch (settle(lane, Claims(lane, segment.witness(), effort), {number, number + 1}, {}).verdict) {
    case Verdict::published: return ReadStatus::ok;
    case Verdict::overwritten: return ReadStatus::overwritten;
    case Verdict::hole: return ReadStatus::hole;
    case Verdict::pending: break;
  }
  return ReadStatus::pending;
}

}  // namespace arena_shm::core
