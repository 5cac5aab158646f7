#include "arena_shm/core/seat.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/mutex.hpp"
#include "arena_shm/core/stamp.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/core/system.hpp"
#include "core/process_death.hpp"

namespace arena_shm::core {
namespace {

constexpr int kCheapTests =
    64;  // leases that a newcomer looks at before it goes for a seat that nobody has left behind

/// Behind what a session that is over has published beyond the lane's head (lane_writer.hpp, X1').
std::uint64_t whole_end(const Ring& lane, std::uint64_t head) noexcept {
  std::uint64_t end = head;
  const std::uint64_t most = std::min(head, lane.limit - std::min(lane.limit, lane.slot_count)) + lane.slot_count;
  while (end < most && lane.slot_of(end).stamp() == done(end)) ++end;  // S4 -> here
  return end;
}

}  // namespace

bool clear_dead_seat(const Segment& segment, std::uint32_t index) {
  Seat& seat = segment.ring().seats[index];
  const std::uint64_t session = seat.session.load(std::memory_order_acquire);
  std::uint64_t ended = seat.ended.load(std::memory_order_relaxed);
  if (ended >= session || segment.witness().life_of(index, session) != Life::over) return false;
  free_dead_mutex(segment.ring(), segment.witness(), index);
  ARENA_SHM_STOP_POINT(seat_clearing);
  // Its claims stay as they are: those of a session that is over are nobody's. Who enters next makes them idle.
  while (ended < session) {
    if (seat.ended.compare_exchange_weak(ended, session, std::memory_order_acq_rel, std::memory_order_relaxed))
      return true;
  }
  return false;
}

SeatHold::SeatHold(std::shared_ptr<const Segment> segment, std::string_view holder) : tenancy_(std::move(segment)) {
  ::pthread_testcancel();
  const NoCancel no_cancel;
  tenancy_.segment()->require_clock();
  take_a_free_one();
  clear_up_after_predecessor();  // E4
  tenancy_.begin(holder);        // E4, E5
}

void SeatHold::clear_up_after_predecessor() const noexcept {
  const Ring& ring = segment()->ring();
  ARENA_SHM_STOP_POINT(seat_taken);
  free_mutex_of_seat(ring, index());
  ARENA_SHM_STOP_POINT(seat_repaired);
  // Shared: nothing below head will be this holder's. A lane: where this session begins.
  const Ring lane = segment()->lane_of_seat(index());
  const std::uint64_t head = lane.head->load(std::memory_order_acquire);
  const std::uint64_t begin = lane.exclusive ? whole_end(lane, head) : head;
  for (std::uint32_t which = 0; which < kClaimsPerSeat; ++which)
    seat().claim_at(which).word.store(idle(std::min(begin, kSeqLimit)), std::memory_order_release);
  if (begin == head) return;
  ARENA_SHM_STOP_POINT(seat_goes_on);
  lane.head->store(begin, std::memory_order_release);  // E4 -> T1, as A2
}

/// Cheap: seats that were left, and the first dead ones. Thorough: all that is free, whatever it takes to prove that.
bool SeatHold::find(Search search, bool& obstructed) {
  const Ring& ring = segment()->ring();
  const Witness& witness = segment()->witness();
  int tests = kCheapTests;
  for (std::uint32_t i = 0; i < ring.seat_count; ++i) {
    const std::uint64_t session = ring.seats[i].session.load(std::memory_order_acquire);
    const bool over = witness.is_known_over(i, session) ||
                      (search == Search::thorough ? witness.life_of(i, session) == Life::over
                                                  : tests-- > 0 && witness.has_free_lease(i, session));
    if (!over) continue;
    const Tenancy::Attempt attempt = tenancy_.try_take(i);
    if (attempt == Tenancy::Attempt::taken) return true;
    obstructed = obstructed || attempt == Tenancy::Attempt::obstructed;
  }
  return false;
}

void SeatHold::take_a_free_one() {
  constexpr int kAttempts = 20;  // who reads the locks closes a seat for a moment, one that is stopped there for longer
  const std::string& name = segment()->info().name;
  bool obstructed = true;
  for (int attempt = 0; obstructed && attempt < kAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    obstructed = false;
    if (find(Search::cheap, obstructed) || find(Search::thorough, obstructed)) return;
  }
  const std::string seats = std::to_string(segment()->ring().seat_count);
  if (obstructed) {
    throw Error(Code::obstructed,
                {.name = name,
                 .doing = "take a seat in",
                 .expected = "a free seat among " + seats,
                 .found = "free seats that another process has read-locked",
                 .remedy = "find that process in /proc/locks, or among those that have the file open"});
  }
  const Writers writers = segment()->info().writers;
  throw Error(
      Code::table_full,
      {.name = name,
       .doing = "take a seat in",
       .expected = "a free seat among " + seats,
       .found = "a living writer in each seat",
       .remedy = writers == Writers::exclusive ? "an exclusive arena has one writer at a time: end that one first"
                 : writers == Writers::laned   ? "end a writer, or create the arena with more lanes"
                                               : "end a writer, or create the arena with more seats"});
}

}  // namespace arena_shm::core
