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
constexpr int kMostScans = 1000;         // in one look
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

Gate::Gate(const Segment& segment, const Ring& ring, Seat& mine)
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
      sleeper_(consumers_.count() == 0 ? nullptr : &consumers_.room()) {
  groups_.reserve(consumers_.count());
}

std::uint64_t Gate::head() const noexcept {
  return std::min(head_->load(std::memory_order_acquire), limit_);  // G1: W2 or X1 -> here
}

bool Gate::is_dead(std::uint32_t consumer) const noexcept {
  return segment_.witness().is_over(segment_.ring().seat_count + consumer);
}

void Gate::note(const Lowest& lowest) noexcept {
  if (stall_.consumer == lowest.consumer && stall_.gating == lowest.gating &&
      (stall_.state & ~kJoins) == (lowest.state & ~kJoins) && stall_.released == lowest.number &&
      stall_.since != Deadline{}) {
    stall_.state = lowest.state;  // who has joined has not done anything yet
    return;
  }
  stall_ = {.consumer = lowest.consumer,
            .gating = lowest.gating,
            .state = lowest.state,
            .released = lowest.number,
            .since = std::chrono::steady_clock::now(),
            .since_ns = static_cast<std::int64_t>(boottime_ns())};
}

/// G3 and G4. Requires: G1, G2.
Gate::Lowest Gate::scan(std::uint64_t seen_head) noexcept {
  for (int scans = 1;; ++scans) {
    Lowest lowest{.number = seen_head};
    groups_.clear();
    for (std::uint32_t i = 0; i < consumers_.count(); ++i) {
      const std::uint64_t state = consumers_.state(i).load(std::memory_order_acquire);  // G3
      if (!gates(state)) continue;
      if (kind(state) == Kind::group) groups_.push_back({i, consumers_.moves(i).load(std::memory_order_acquire)});
      const std::uint64_t released = consumers_.released(i, lane_).load(std::memory_order_acquire);  // G3
      if (released < lowest.number) lowest = {.number = released, .consumer = i, .gating = i, .state = state};
    }
    ARENA_SHM_STOP_POINT(gate_scanned);
    if (groups_.empty()) return lowest;
    look_at_members(lowest);
    const bool moved = std::ranges::any_of(groups_, [this](const GroupSeen& group) {
      return consumers_.moves(group.index).load(std::memory_order_acquire) != group.moves;  // G4: K5 -> here
    });
    if (!moved) return lowest;
    if (scans < kMostScans) continue;
    lowest.number = 0;  // nobody moves so much: somebody plays with the words. Then there is no room, for now
    return lowest;
  }
}

/// What members hold, of the groups that are there.
void Gate::look_at_members(Lowest& lowest) const noexcept {
  const std::uint32_t lanes = segment_.lane_count();
  for (std::uint32_t i = 0; i < consumers_.count(); ++i) {
    const std::uint64_t own = consumers_.state(i).load(std::memory_order_acquire);  // N1 -> here
    if (kind(own) != Kind::member || standing(own) == Standing::free) continue;
    const std::uint64_t its_group = consumers_.membership(i).load(std::memory_order_acquire);
    const std::uint32_t group = group_of(its_group);
    if (group >= consumers_.count()) continue;
    const std::uint64_t state = consumers_.state(group).load(std::memory_order_acquire);
    if (!gates(state) || !is_member_of(its_group, group, state)) continue;
    for (std::uint32_t which = 0; which < kWordsPerMember; ++which) {
      const std::uint64_t word = consumers_.word(i, which).load(std::memory_order_acquire);  // G3: T6, K4 -> here
      if (!is_held(word) || held_seq(word) % lanes != lane_) continue;
      const std::uint64_t number = held_seq(word) / lanes;
      if (number < lowest.number) lowest = {.number = number, .consumer = i, .gating = group, .state = state};
    }
    ARENA_SHM_STOP_POINT(gate_member_seen);
  }
}

/// G1 to G4. True: `number` may be written.
bool Gate::look(std::uint64_t number, Look manner) noexcept {
  const std::uint64_t seen_head = head();               // G1
  std::atomic_thread_fence(std::memory_order_seq_cst);  // G2
  ARENA_SHM_STOP_POINT(gate_looking);
  Lowest lowest = scan(seen_head);
  while (manner == Look::thorough && lowest.number + slots_ <= number && lowest.gating != kNobody &&
         is_abandoned(segment_, lowest.gating, lowest.state)) {
    if (free_abandoned(segment_, lowest.gating, lowest.state)) ARENA_SHM_STOP_POINT(gate_freed);
    lowest = scan(seen_head);
  }
  ARENA_SHM_STOP_POINT(gate_looked);
  end_ = std::max(end_, lowest.number + slots_);  // G4
  if (number < end_) return true;
  note(lowest);
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
  return stall_.consumer == kNobody || stall_.consumer != stall_.gating ||  // of a member, only a look can tell
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

/// E1. Who has been in the way without progress for longer than the arena has patience is evicted. A group gets as
/// much once more: so long, another member may take over what one holds.
bool Gate::lose_patience() noexcept {
  const nanoseconds patience =
      kind(stall_.state) == Kind::group && patience_ <= nanoseconds::max() / 2 ? 2 * patience_ : patience_;
  if (patience <= nanoseconds{0} || stall_.consumer == kNobody ||
      std::chrono::steady_clock::now() - stall_.since < patience)
    return false;
  const bool evicted = evict(consumers_, stall_.gating, stall_.state);
  if (evicted) ARENA_SHM_STOP_POINT(gate_evicted);
  return evicted;
}

/// Of one who waits no longer, or not at all: the dead, and those whom nobody has patience with, are not in its way.
bool Gate::look_for_the_last_time(std::uint64_t number) noexcept {
  lose_patience();
  return look(number, Look::thorough);
}

bool Gate::is_own(std::uint32_t consumer) const noexcept {
  const Seat& seat = segment_.ring().seats[segment_.ring().seat_count + consumer];
  return seat.pid.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(::getpid()) &&
         seat.pid_namespace.load(std::memory_order_relaxed) == own_pid_namespace();
}

/// A thread that waits for itself would wait for ever. Known only where there is no other: that could be about to call
/// the consumer. Of a group, any member may take what nobody has taken.
void Gate::refuse_deadlock() const {
  if (stall_.consumer == kNobody || !is_only_thread()) return;
  std::uint32_t own = stall_.consumer;
  const bool others_have_patience = patience_ > nanoseconds{0};  // or take over, after it
  if (kind(stall_.state) != Kind::group || (stall_.consumer != stall_.gating && !others_have_patience)) {
    if (!is_own(own) || is_dead(own)) return;
  } else {
    own = kNobody;
    for (std::uint32_t i = 0; i < consumers_.count(); ++i) {
      if (!is_member(consumers_, i, stall_.gating, stall_.state) || is_dead(i)) continue;
      if (!is_own(i)) return;
      own = i;
    }
    if (own == kNobody) return;
  }
  throw Error(Code::would_deadlock, {.name = segment_.info().name,
                                     .doing = "alloc in",
                                     .expected = "room in the ring",
                                     .found = "none, until this very thread goes on with its consumer '" +
                                              consumer_info(segment_, own).name + "'",
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
