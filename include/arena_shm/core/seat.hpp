// A seat that is held: the lease that proves its holder's life, and what the segment shows of the holder.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "arena_shm/core/lease.hpp"
#include "arena_shm/core/segment.hpp"

namespace arena_shm::core {

/// Takes a seat, and gives it back when destroyed.
/// Thread safety: none needed; one owner.
class SeatHold {
 public:
  /// Takes the first seat that is free. If its last holder died holding the mutex, frees the mutex.
  /// `holder` is shown by tools; cut at 32 bytes.
  /// Errors: Code::table_full, obstructed, system.
  SeatHold(std::shared_ptr<const Segment> segment, std::string_view holder);
  SeatHold(const SeatHold&) = delete;
  SeatHold& operator=(const SeatHold&) = delete;
  ~SeatHold();

  const std::shared_ptr<const Segment>& segment() const noexcept { return segment_; }
  /// False in a forked child, which must not touch the segment.
  bool is_own() const noexcept { return lease_.is_own(); }
  std::uint32_t index() const noexcept { return index_; }
  Seat& seat() const noexcept { return segment_->ring().seats[index_]; }
  /// False: this process was refused by membarrier, its writers need a full fence before they look at the doorbell.
  bool membarrier_registered() const noexcept { return membarrier_registered_; }

 private:
  void take_first_free();
  bool try_take(bool& obstructed);
  void identify(std::string_view holder) const noexcept;

  std::shared_ptr<const Segment> segment_;
  bool membarrier_registered_ = false;
  std::uint32_t index_ = 0;
  Lease lease_;  // after segment_: given back before the mappings go
};

/// Repairs a seat whose holder died, as the next holder would: frees the mutex if it died with it, makes the claim
/// idle, and shows the seat as left. False: its holder lives, or left, or that cannot be told; or another repairer was
/// first.
bool clear_dead_seat(const Segment& segment, std::uint32_t index);

}  // namespace arena_shm::core
