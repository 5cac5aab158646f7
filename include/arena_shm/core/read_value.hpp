// Reading single values, by their seq.
#pragma once

#include <cstdint>
#include <optional>

#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/slot.hpp"
#include "arena_shm/core/stamp.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// What is to be said of the value of this number in `lane`, whose slot does not show it. Takes a look at the seats if
/// it has to.
ReadStatus status_of_unseen(const Segment& segment, const Ring& lane, std::uint64_t number);

template <class Take>
[[gnu::always_inline]] inline ReadStatus read_number(const Segment& segment, const Ring& lane, std::uint64_t number,
                                                     Take&& copy_out, std::uint64_t& time) {
  if (number >= lane.limit) return ReadStatus::not_yet;
  const Slot slot = lane.slot_of(number);
  for (int tries = 0; tries < 4; ++tries) {    // two would do, but for a peer that plays with the stamps
    const std::uint64_t stamp = slot.stamp();  // R1
    if (stamp == done(number)) [[likely]] {
      if (lane.is_timed()) [[unlikely]]
        time = slot.time();                                                          // R2
      return slot.take(stamp, copy_out) ? ReadStatus::ok : ReadStatus::overwritten;  // R2 to R4
    }
    if (is_newer(stamp, number)) return ReadStatus::overwritten;
    const ReadStatus status = status_of_unseen(segment, lane, number);
    if (status != ReadStatus::ok) return status;  // ok: published meanwhile, and the stamp will show it
  }
  return ReadStatus::pending;
}

/// A value that is published, and its time, if it has one.
struct Published {
  std::uint64_t number = 0;
  std::uint64_t time = 0;
};
/// The newest one of a lane, at this moment; nothing if its slots show none.
/// Cost: a look at one slot, and at each further one that is newer and not published.
std::optional<Published> newest_of(const Ring& lane) noexcept;

/// The newest value of the arena: in lanes, that with the highest time; without times, with the highest seq.
struct Newest {
  Segment::Place place;
  std::uint64_t seq;
};
std::optional<Newest> newest_of(const Segment& segment) noexcept;

/// Copies the newest value out, as read_value. Returns its seq; nothing if there is none, or if each one is overwritten
/// before it is copied.
template <class Take>
std::optional<std::uint64_t> read_newest(const Segment& segment, Take&& copy_out, std::uint64_t& time) {
  segment.require_own_process();
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    const auto newest = newest_of(segment);
    if (!newest) return std::nullopt;
    if (read_number(segment, newest->place.lane, newest->place.number, copy_out, time) == ReadStatus::ok)
      return newest->seq;
  }
  return std::nullopt;
}

template <class Take>
[[gnu::noinline]] ReadStatus read_in_lanes(const Segment& segment, std::uint64_t seq, Take& copy_out,
                                           std::uint64_t& time) {
  const Segment::Place place = segment.place_of(seq);
  return read_number(segment, place.lane, place.number, copy_out, time);
}

/// Copies the value of `seq` out, and its time, if the arena has times. `copy_out(payload words)` may run more than
/// once, and counts only with ReadStatus::ok. Cost: two loads of the stamp around the copy; where the value is not
/// there, one settle() of this seq alone.
template <class Take>
[[gnu::always_inline]] inline ReadStatus read_value(const Segment& segment, std::uint64_t seq, Take&& copy_out,
                                                    std::uint64_t& time) {
  if (segment.lane_count() == 1) [[likely]]
    return read_number(segment, segment.ring(), seq, copy_out, time);
  return read_in_lanes(segment, seq, copy_out, time);
}

}  // namespace arena_shm::core
