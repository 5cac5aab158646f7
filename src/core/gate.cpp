#include "arena_shm/core/gate.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "arena_shm/core/consumers.hpp"
#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/process.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/error.hpp"
#include "core/process_death.hpp"

namespace arena_shm::core {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kGateSpin = std::chrono::microseconds{50};
constexpr int kShortestGateBackoff = 4;  // in pauses
constexpr int kLongestGateBackoff = 64;

/// As long as it lives, tools see whom the seat's holder waits for.
class Waiting {
 public:
  /// `since_ns`: who waits again and again, for a while each time, has been waiting since then.
  Waiting(Seat& seat, std::int64_t since_ns) noexcept : seat_(seat) {
    seat_.waits_since_ns.store(since_ns, std::memory_order_relaxed);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { seat_.waits_for.store(0, std::memory_order_relaxed); }

  void show(std::uint32_t consumer) noexcept {
    seat_.waits_for.store(consumer == Gate::kNobody ? 0 : consumer + std::uint64_t{1}, std::memory_order_relaxed);
  }

 private:
  Seat& seat_;
};

}  // namespace

Gate::Gate(const Segment& segment, const Ring& ring, Seat& mine) noexcept
    : segment_(segment),
      consumers_(segment.consumers()),
      end_(consumers_.count() == 0 ? kOpen : 0),
      head_(ring.head),
      slots_(ring.slot_count),
      limit_(ring.limit),
      lane_(ring.first_seat),
      exclusive_(ring.exclusive),
      mine_(mine),
      patience_(segment.info().patience),
      sleeper_(consumers_.count() == 0 ? nullptr : &consumers_.room()) {}

std::uint64_t Gate::head() const noexcept {
  return std::min(head_->load(std::memory_order_acquire), limit_);  // G1: W2 or X1 -> here
}

bool Gate::is_dead(std::uint32_t consumer) const noexcept {
  return segment_.witness().is_over(segment_.ring().seat_count + consumer);
}

void Gate::note(std::uint32_t consumer, std::uint64_t state, std::uint64_t released) noexcept {
  if (stall_.consumer == consumer && stall_.state == state && stall_.released == released && stall_.since != Deadline{})
    return;
  stall_ = {.consumer = consumer,
            .state = state,
            .released = released,
            .since = std::chrono::steady_clock::now(),
            .since_ns = static_cast<std::int64_t>(boottime_ns())};
}

/// G1 to G4. True: `number` may be written.
bool Gate::look(std::uint64_t number, Look manner) noexcept {
  std::uint64_t lowest = head();                        // G1
  std::atomic_thread_fence(std::memory_order_seq_cst);  // G2
  ARENA_SHM_STOP_POINT(gate_looking);
  std::uint32_t in_the_way = kNobody;
  std::uint64_t its_state = 0;
  for (std::uint32_t i = 0; i < consumers_.count(); ++i) {
    std::uint64_t state = consumers_.state(i).load(std::memory_order_acquire);  // G3
    if (!gates(state)) continue;
    const std::uint64_t seen = state;
    const std::uint64_t released = consumers_.released(i, lane_).load(std::memory_order_acquire);  // G3
    if (released >= lowest) continue;
    if (manner == Look::thorough && released + slots_ <= number && standing(state) == Standing::joined && is_dead(i)) {
      // Of that generation only: somebody may have come in after it.
      if (consumers_.state(i).compare_exchange_strong(state, turned_into(state, Standing::free),
                                                      std::memory_order_acq_rel)) {
        ARENA_SHM_STOP_POINT(gate_freed);
        ring_room(consumers_);
        continue;
      }
    }
    lowest = released;
    in_the_way = i;
    its_state = seen;
  }
  ARENA_SHM_STOP_POINT(gate_looked);
  end_ = std::max(end_, lowest + slots_);  // G4
  if (number < end_) return true;
  note(in_the_way, its_state, lowest);
  return false;
}

/// How many numbers others may take between a look and a claim, without a batch.
std::uint64_t Gate::others() const noexcept {
  if (exclusive_) return 0;
  const Ring& ring = segment_.ring();
  std::uint64_t held = 0;
  for (std::uint32_t i = 0; i < ring.seat_count; ++i) {
    const Seat& seat = ring.seats[i];
    if (seat.session.load(std::memory_order_relaxed) > seat.ended.load(std::memory_order_relaxed)) ++held;
  }
  return std::min(held - std::min<std::uint64_t>(held, 1), slots_ / 2);
}

bool Gate::has_room() noexcept {
  const std::uint64_t last = head() + others();
  return last < end_ || look(last, Look::quick) || look_for_the_last_time(last);
}

bool Gate::may_have_room() const noexcept {
  // Relaxed: who finds that it has moved looks himself.
  return stall_.consumer == kNobody ||
         consumers_.released(stall_.consumer, lane_).load(std::memory_order_relaxed) != stall_.released ||
         consumers_.state(stall_.consumer).load(std::memory_order_relaxed) != stall_.state;
}

std::uint64_t Gate::room_for(std::uint64_t wanted) noexcept {
  const std::uint64_t first = head();
  if (wanted > 0 && first + wanted > end_) {
    const Stall before = stall_;
    look(first + wanted - 1, Look::quick);
    stall_ = before;  // nobody waits yet
  }
  return end_ > first ? std::min(wanted, end_ - first) : 0;
}

bool Gate::spin(std::uint64_t number) noexcept {
  const auto end = std::chrono::steady_clock::now() + kGateSpin;
  for (int pauses = kShortestGateBackoff; !look(number, Look::quick);
       pauses = std::min(pauses * 2, kLongestGateBackoff)) {
    if (std::chrono::steady_clock::now() >= end) return false;
    for (int i = 0; i < pauses; ++i) cpu_pause();
  }
  return true;
}

/// E1. Who has been in the way without progress for longer than the arena has patience is evicted.
bool Gate::lose_patience() noexcept {
  if (patience_ <= nanoseconds{0} || stall_.consumer == kNobody ||
      std::chrono::steady_clock::now() - stall_.since < patience_)
    return false;
  const bool evicted = evict(consumers_, stall_.consumer, stall_.state);
  if (evicted) ARENA_SHM_STOP_POINT(gate_evicted);
  return evicted;
}

/// Of one who waits no longer, or not at all: the dead, and those whom nobody has patience with, are not in its way.
bool Gate::look_for_the_last_time(std::uint64_t number) noexcept {
  lose_patience();
  return look(number, Look::thorough);
}

/// A thread that waits for itself would wait for ever. Known only where there is no other: that could be about to call
/// the consumer.
void Gate::refuse_deadlock() const {
  if (stall_.consumer == kNobody || !is_only_thread()) return;
  const Seat& seat = segment_.ring().seats[segment_.ring().seat_count + stall_.consumer];
  if (seat.pid.load(std::memory_order_relaxed) != static_cast<std::uint32_t>(::getpid()) ||
      seat.pid_namespace.load(std::memory_order_relaxed) != own_pid_namespace() || is_dead(stall_.consumer))
    return;
  throw Error(Code::would_deadlock, {.name = segment_.info().name,
                                     .doing = "alloc in",
                                     .expected = "room in the ring",
                                     .found = "none, until this very thread goes on with its consumer '" +
                                              consumer_info(segment_, stall_.consumer).name + "'",
                                     .remedy = "consume first; or use try_alloc; or consume in another thread"});
}

bool Gate::await(std::uint64_t number, Deadline deadline) {
  if (look(number, Look::quick)) return true;
  if (deadline == kDoNotWait) return look_for_the_last_time(number);
  expect_exit(Begins::use);
  Waiting waiting(mine_, stall_.since_ns);
  for (bool has_spun = false;; has_spun = true) {
    if (has_spun ? look(number, Look::thorough) : spin(number)) return true;
    waiting.show(stall_.consumer);
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return look_for_the_last_time(number);
    if (!has_spun) continue;
    if (lose_patience()) continue;
    refuse_deadlock();
    ARENA_SHM_STOP_POINT(gate_waiting);
    if (sleeper_.sleep(std::min<nanoseconds>(deadline - now, kGateSlice), [&] { return look(number, Look::quick); }))
      return true;  // G5, G6
  }
}

bool Gate::await_room(Deadline deadline) {
  for (;;) {
    if (has_room()) return true;
    if (!await(head() + others(), deadline)) return false;
  }
}

}  // namespace arena_shm::core
