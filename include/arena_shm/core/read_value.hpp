// Reading single values, by their seq.
#pragma once

#include <cstdint>

#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/slot.hpp"
#include "arena_shm/core/stamp.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// What is to be said of the value of this number in `lane`, whose slot does not show it. Takes a look at the seats if
/// it has to.
ReadStatus status_of_unseen(const Segment& segment, const Ring& lane, std::uint64_t number);

template <class Take>
ReadStatus read_number(const Segment& segment, const Ring& lane, std::uint64_t number, Take&& copy_out,
                       std::uint64_t& time) {
  if (number >= lane.limit) return ReadStatus::not_yet;
  const Slot slot = lane.slot_of(number);
  for (int tries = 0; tries < 4; ++tries) {    // two would do, but for a peer that plays with the stamps
    const std::uint64_t stamp = slot.stamp();  // R1
    if (stamp == done(number) && lane.is_timed()) time = slot.time();  // R2
    if (stamp == done(number)) return slot.take(stamp, copy_out) ? ReadStatus::ok : ReadStatus::overwritten;
    if (is_newer(stamp, number)) return ReadStatus::overwritten;
    const ReadStatus status = status_of_unseen(segment, lane, number);
    if (status != ReadStatus::ok) return status;  // ok: published meanwhile, and the stamp will show it
  }
  return ReadStatus::pending;
}

/// Copies the value of `seq` out, and its time, if the arena has times. `copy_out(payload words)` may run more than
/// once, and counts only with ReadStatus::ok. Cost: two loads of the stamp around the copy; where the value is not
/// there, one settle() of this seq alone.
template <class Take>
ReadStatus read_value(const Segment& segment, std::uint64_t seq, Take&& copy_out, std::uint64_t& time) {
  if (segment.lane_count() == 1) [[likely]]
    return read_number(segment, segment.ring(), seq, copy_out, time);
  const Segment::Place place = segment.place_of(seq);
  return read_number(segment, place.lane, place.number, copy_out, time);
}

}  // namespace arena_shm::core
