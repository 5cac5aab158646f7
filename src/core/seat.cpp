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

SeatHold::SeatHold(std::shared_ptr<const Segment> segment, std::string_view holder)
    : segment_((segment->require_own_process(), std::move(segment))),
      membarrier_registered_(register_for_membarrier()) {
  ::pthread_testcancel();
  const NoCancel no_cancel;
  segment_->require_clock();
  take_a_free_one();
  clear_up_after_predecessor();  // E4
  identify(holder);
  ARENA_SHM_STOP_POINT(seat_identified);
  seat().session.store(session_, std::memory_order_release);  // E5
  ARENA_SHM_STOP_POINT(seat_entered);
}

SeatHold::~SeatHold() {
  // In a forked child the lease is the parent's, and nothing is mapped here.
  if (lease_ && lease_.is_own()) seat().ended.store(session_, std::memory_order_release);  // E6
  ARENA_SHM_STOP_POINT(seat_leaving);
}

void SeatHold::clear_up_after_predecessor() const noexcept {
  const Ring& ring = segment_->ring();
  ARENA_SHM_STOP_POINT(seat_taken);
  free_mutex_of_seat(ring, index_);
  ARENA_SHM_STOP_POINT(seat_repaired);
  // A wild number there would make this session over before it begins, and give its seat to others, too.
  if (seat().ended.load(std::memory_order_relaxed) >= session_)
    seat().ended.store(session_ - 1, std::memory_order_relaxed);
  // Shared: nothing below head will be this holder's. A lane: where this session begins.
  const std::uint64_t head = segment_->lane_of_seat(index_).head->load(std::memory_order_acquire);
  for (std::uint32_t which = 0; which < kClaimsPerSeat; ++which)
    seat().claim_at(which).word.store(idle(std::min(head, kSeqLimit)), std::memory_order_release);
}

bool SeatHold::try_take(std::uint32_t index, bool& obstructed) {
  const Seat& wanted = segment_->ring().seats[index];
  const std::uint64_t session = wanted.session.load(std::memory_order_acquire);
  ARENA_SHM_STOP_POINT(seat_looked);
  // Once more: the seat may have been taken, and the look of before have been at an older session.
  if (!segment_->witness().is_known_over(index, session)) return false;
  if (session >= kMaxSession) return false;
  switch (segment_->leases().take_next(index, session, wanted.session, lease_)) {
    case LeaseOutcome::taken: break;
    case LeaseOutcome::held: return false;
    case LeaseOutcome::obstructed: obstructed = true; return false;
    case LeaseOutcome::failed: throw_errno(errno, Act::take_seat, "take a seat in", segment_->info().name);
  }
  index_ = index;
  session_ = session + 1;
  return true;
}

/// Cheap: seats that were left, and the first dead ones. Thorough: all that is free, whatever it takes to prove that.
bool SeatHold::find(Search search, bool& obstructed) {
  const Ring& ring = segment_->ring();
  const Witness& witness = segment_->witness();
  int tests = kCheapTests;
  for (std::uint32_t i = 0; i < ring.seat_count; ++i) {
    const std::uint64_t session = ring.seats[i].session.load(std::memory_order_acquire);
    const bool over = witness.is_known_over(i, session) ||
                      (search == Search::thorough ? witness.life_of(i, session) == Life::over
                                                  : tests-- > 0 && witness.has_free_lease(i, session));
    if (over && try_take(i, obstructed)) return true;
  }
  return false;
}

void SeatHold::take_a_free_one() {
  constexpr int kAttempts = 20;  // who reads the locks closes a seat for a moment, one that is stopped there for longer
  const std::string& name = segment_->info().name;
  bool obstructed = true;
  for (int attempt = 0; obstructed && attempt < kAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    obstructed = false;
    if (find(Search::cheap, obstructed) || find(Search::thorough, obstructed)) return;
  }
  const std::string seats = std::to_string(segment_->ring().seat_count);
  if (obstructed) {
    throw Error(Code::obstructed,
                {.name = name,
                 .doing = "take a seat in",
                 .expected = "a free seat among " + seats,
                 .found = "free seats that another process has read-locked",
                 .remedy = "find that process in /proc/locks, or among those that have the file open"});
  }
  const Writers writers = segment_->info().writers;
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

void SeatHold::identify(std::string_view holder) const noexcept {
  // Relaxed: E5 releases them. Who looks at a seat between two sessions may see a mixture.
  Seat& mine = seat();
  mine.pid.store(static_cast<std::uint32_t>(::getpid()), std::memory_order_relaxed);
  mine.tid.store(static_cast<std::uint32_t>(::gettid()), std::memory_order_relaxed);
  mine.start_time.store(own_start_time(), std::memory_order_relaxed);
  mine.lease_page.store(owns_its_memory() ? reinterpret_cast<std::uintptr_t>(lease_.page()) : 0,
                        std::memory_order_relaxed);
  mine.pid_namespace.store(own_pid_namespace(), std::memory_order_relaxed);
  mine.taken_ns.store(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count(),
      std::memory_order_relaxed);
  std::array<char, sizeof(Seat::name)> text{};
  std::copy_n(holder.data(), std::min(holder.size(), text.size()), text.data());
  for (std::size_t i = 0; i < mine.name.size(); ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i * sizeof(word), sizeof(word));
    mine.name[i].store(word, std::memory_order_relaxed);
  }
}

}  // namespace arena_shm::core
