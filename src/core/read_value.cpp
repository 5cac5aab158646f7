#include "arena_shm/core/read_value.hpp"

#include <algorithm>

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

std::optional<Published> newest_of(const Ring& lane) noexcept {
  const std::uint64_t head = std::min(lane.head->load(std::memory_order_acquire), lane.limit);  // W2 or X1 -> here
  const std::uint64_t oldest = head > lane.slot_count ? head - lane.slot_count : 0;
  for (std::uint64_t number = head; number > oldest; --number) {
    const Slot slot = lane.slot_of(number - 1);
    const std::uint64_t stamp = slot.stamp();  // R1
    if (stamp < done(number - 1) || is_busy(stamp)) continue;
    // It may have been written over since head was looked at: then that one is newer.
    const std::uint64_t time = lane.is_timed() ? slot.time() : 0;  // R2
    if (slot.take(stamp, [](const std::uint64_t*) noexcept {}))    // R3, R4
      return Published{.number = stamp_seq(stamp), .time = time};
  }
  return std::nullopt;
}

std::optional<Newest> newest_of(const Segment& segment) noexcept {
  std::optional<Newest> newest;
  std::uint64_t highest = 0;
  for (std::uint32_t k = 0; k < segment.lane_count(); ++k) {
    const Ring lane = segment.lane_count() == 1 ? segment.ring() : segment.lane_of_seat(k);
    const auto of_lane = newest_of(lane);
    if (!of_lane || of_lane->number >= lane.limit) continue;
    const std::uint64_t seq = lane.seq_of(of_lane->number);
    const std::uint64_t rank = lane.is_timed() && segment.lane_count() > 1 ? of_lane->time : seq;
    if (newest && rank < highest) continue;
    highest = rank;
    newest = Newest{.place = {.lane = lane, .number = of_lane->number}, .seq = seq};
  }
  return newest;
}

}  // namespace arena_shm::core
