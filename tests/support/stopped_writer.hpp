// A writer that is stopped in the middle of a value, without a process to stop: a seat whose lease is held, and words
// in the segment that say what a writer's words say there. For tests of what others do about it; that real writers
// leave such words is the matter of tests/crash.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "arena_shm/arena.hpp"
#include "support/segment_file.hpp"

namespace arena_shm::test {

class StoppedWriter {
 public:
  StoppedWriter(const Arena<std::uint64_t>& arena, SegmentFile& file)
      : hold_(std::in_place, core::Segment::open(arena.name(), core::Access::read_write), "stopped"),
        seat_(hold_->index()),
        file_(file) {}

  std::uint32_t seat() const noexcept { return seat_; }

  /// Says that it holds some seq >= `next`, and takes the next one, or none yet.
  std::uint64_t stop_in_claiming(bool claimed) {
    const std::uint64_t next = core::claim_seq(claim());
    claim() = core::claiming(next);
    return claimed ? file_.control().head.fetch_add(1) : next;
  }

  /// Takes the next `count` seqs, and is stopped in the slot of the first. Returns the first.
  std::uint64_t stop_in_slot(std::uint64_t count = 1) {
    const std::uint64_t seq = file_.control().head.fetch_add(count);
    if (count > 1) file_.seat(seat_).hi = seq + count;
    claim() = core::writing(seq);
    stamp(seq) = core::busy(seq);
    return seq;
  }

  /// Goes on: what was begun with stop_in_slot() is published, the rest of the range is not.
  void publish(std::uint64_t value) {
    const std::uint64_t seq = core::claim_seq(claim());
    payload(seq) = value;
    stamp(seq) = core::done(seq);
    claim() = core::idle(std::max(seq + 1, file_.seat(seat_).hi.load()));
  }

  /// Dies where it is: its lease is free, and it has not said that it left.
  void die() {
    const std::uint64_t session = hold_->session();
    hold_.reset();
    file_.seat(seat_).ended = session - 1;
  }

 private:
  std::atomic<std::uint64_t>& claim() { return file_.seat(seat_).claim; }
  std::atomic<std::uint64_t>& stamp(std::uint64_t seq) { return file_.stamp(seq % file_.header().slot_count); }
  std::atomic<std::uint64_t>& payload(std::uint64_t seq) { return *(&stamp(seq) + 1); }

  std::optional<core::SeatHold> hold_;
  std::uint32_t seat_;
  SegmentFile& file_;
};

}  // namespace arena_shm::test
