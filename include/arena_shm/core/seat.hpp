// A writer's seat that is held. Who holds it, and since when, is a tenancy (tenancy.hpp).
//
// Each holding of a seat is a session, numbered from 1 on. Nobody repairs under a lock; what a dead session has left is
// known by its number, and a number never comes back:
//
//   E1  s := seat.session; is session s over?  (witness.hpp)       no: the seat is taken
//   E2  lock the door of session s + 1                             no: another newcomer is there
//   E3  seat.session still s? lock the lease of s + 1              no: that session has begun, and may be over
//   E4  free the mutex, if a word of this seat's is in it; of a lane, head := behind what is whole beyond it
//       (lane_writer.hpp, X1'), when claims := idle(that head) has been stored; write who holds it
//   E5  seat.session := s + 1            release                   from here on the seat is held
//       ...
//   E6  seat.ended := s + 1              release                   left; then the lease goes
//
//   Until E5 the seat is that of the dead session s for everybody. A newcomer that is stopped or killed before it holds
//   up whoever wants this seat, and nobody else. E4 touches only what is session s's, and s is over.
//   Whoever finds that session s has died frees the mutex by a compare-and-swap on the very word (mutex.hpp), and its
//   claims count no more (settle.hpp): so a repair needs no lock, and can be done by any number of processes, and
//   left by any of them at any point.
//
// Ordering. E5 -> whoever reads a claim, or the mutex's word, of session s + 1, and then the session: sees s + 1 or
// later. E6, or the kernel's release of the lease -> E1: all that session s stored is visible to the newcomer, and
// through E5 to whoever sees s + 1.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/tenancy.hpp"

namespace arena_shm::core {

/// A writer's seat: takes one, and gives it back when destroyed.
/// Thread safety: none needed; one owner.
class SeatHold {
 public:
  /// Takes a seat that is free, the first one as far as that costs little. If its last holder died holding the mutex,
  /// frees the mutex. `holder` is shown by tools; cut at 32 bytes.
  /// Errors: Code::table_full, obstructed, system; unsupported, if this process cannot read the arena's clock.
  /// Cost: a dozen system calls; besides, two loads for each seat that is held before the one it gets.
  SeatHold(std::shared_ptr<const Segment> segment, std::string_view holder);

  const std::shared_ptr<const Segment>& segment() const noexcept { return tenancy_.segment(); }
  /// False in a forked child, which must not touch the segment.
  bool is_own() const noexcept { return tenancy_.is_own(); }
  std::uint32_t index() const noexcept { return tenancy_.index(); }
  /// The number of this session.
  std::uint64_t session() const noexcept { return tenancy_.session(); }
  Seat& seat() const noexcept { return tenancy_.seat(); }
  /// False: this process was refused by membarrier, its writers need a full fence before they look at the doorbell.
  bool membarrier_registered() const noexcept { return tenancy_.membarrier_registered(); }

 private:
  enum class Search : std::uint8_t { cheap, thorough };

  void take_a_free_one();
  bool find(Search search, bool& obstructed);
  void clear_up_after_predecessor() const noexcept;

  Tenancy tenancy_;
};

/// Clears up after a holder that died: frees the mutex if it died with it, and shows the seat as left. False: its
/// holder lives, or left, or that cannot be told; or somebody else was first.
bool clear_dead_seat(const Segment& segment, std::uint32_t index);

}  // namespace arena_shm::core
