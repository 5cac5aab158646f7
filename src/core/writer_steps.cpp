#include "arena_shm/core/writer_steps.hpp"

#include <pthread.h>

#include <algorithm>
#include <bitset>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr int kSpinsBeforeLease = 256;  // a living writer is in its slot for nanoseconds
constexpr int kLooksAfterLease = 16;    // then it is preempted or stopped: its slot is skipped
constexpr std::uint64_t kLookAheadEffort = std::uint64_t{1} << 18;

}  // namespace

struct WriterSteps::Patience {
  int spins = kSpinsBeforeLease;
  int looks = kLooksAfterLease;
};

WriterSteps::WriterSteps(std::shared_ptr<const SeatHold> hold, std::uint32_t which)
    : WriterBase(std::move(hold)),
      claim_(seat_.claim_at(which)),
      claim_number_(claim_number(hold_->index(), which)),
      stuck_(ring_.claim_count()),
      forked_([](void* writer) noexcept { static_cast<WriterSteps*>(writer)->refuse_child(); }, this) {
  expect_exit(Begins::handle);
}

/// Every alloc now begins where a starved one does: in await_free_slot.
void WriterSteps::refuse_child() noexcept { starved_ = true; }

void WriterSteps::check_number(std::uint64_t seq, std::uint64_t next) {
  if (seq < kSeqLimit) return;
  claim_.word.store(idle(next), std::memory_order_release);  // W4
  refuse_number(seq);
}

bool WriterSteps::enter_lap(std::uint64_t seq, std::uint64_t next, Deadline deadline) {
  check_number(seq, next);
  if (seq >= gate_.end()) {
    claim_.word.store(writing(seq), std::memory_order_release);  // W2': and nothing beyond it
    ARENA_SHM_STOP_POINT(alloc_at_gate);
    try {
      if (!pass_gate(seq, deadline)) {
        give_up(seq);
        return false;
      }
    } catch (...) {
      give_up(seq);
      throw;
    }
  }
  lap_.move_to(seq, gate_.end());
  prefetch_first(ring_.slots);
  return true;
}

void WriterSteps::enter_lap_in_batch(std::uint64_t seq, std::uint64_t end, std::uint64_t published) {
  if (seq >= gate_.end()) {
    claim_.word.store(writing(seq), std::memory_order_release);  // W2'
    ARENA_SHM_STOP_POINT(batch_at_gate);
    try {
      pass_gate(seq, kWaitForEver);
    } catch (...) {
      count_values(published);
      claim_.word.store(idle(end), std::memory_order_release);  // W4: the rest is given up
      throw;
    }
  }
  lap_.move_to(seq, gate_.end());
}

void WriterSteps::refuse_corrupt(std::uint64_t seq, std::uint64_t stamp) {
  blocked_ = {};
  claim_.word.store(idle(seq + 1), std::memory_order_release);  // W4: seq is given up
  throw Error(Code::corrupt, {.name = hold_->segment()->info().name,
                              .doing = "alloc in",
                              .expected = "a stamp older than " + std::to_string(busy(seq)),
                              .found = std::to_string(stamp),
                              .remedy = "the memory was overwritten; remove the arena and create it again"});
}

bool WriterSteps::is_blocked(std::uint64_t seq) {
  if (clear_.contains(seq)) return false;
  if (blocked_.contains(seq) && blocked_values_ == seat_.values.load(std::memory_order_relaxed)) return true;
  return scan(seq);
}

/// W2 is behind: whoever is older in the slot of seq, or in that of a later one within a lap, shows it in its claim.
bool WriterSteps::scan(std::uint64_t seq) {
  Effort effort(0);  // one scan, whatever it takes
  const Claims claims(ring_, hold_->segment()->witness(), effort);
  const std::uint64_t slots = ring_.slot_count;
  Patience patience;
  std::uint64_t clear_end = seq + slots;
  for (std::uint32_t number = 0; number < claims.count(); ++number) {
    if (number == claim_number_) continue;
    Claim claim = claims.look(number);  // W4 -> here
    if (claim.next_blocked(seq, slots) == seq && keeps_blocking(claim, seq, claims, patience)) {
      blocked_ = {.first = seq, .end = std::min(claim.blocked_end(seq, slots), seq + slots)};
      blocked_values_ = seat_.values.load(std::memory_order_relaxed);
      return true;
    }
    // Those that block later ones only are not worth the test of a lease: there will be another scan.
    clear_end = std::min(clear_end, claim.next_blocked(seq, slots));
  }
  clear_ = {.first = seq, .end = clear_end};
  return false;
}

/// Waits for the holder of a claim that blocks seq. False: it has gone on, to the claim that is left there; or it is
/// dead, and none is left.
bool WriterSteps::keeps_blocking(Claim& claim, std::uint64_t seq, const Claims& claims, Patience& patience) {
  const auto still_blocking = [&]() noexcept {
    claim = claims.look(claim.number);
    return claim.next_blocked(seq, ring_.slot_count) == seq;
  };
  // One that was found stuck in this very word, or dead, is not waited for again: it costs a lap its slot, not the
  // writer time.
  const bool known = stuck_.contains(claim.number, claim.word);
  bool blocked = true;
  for (; blocked && !known && patience.spins > 0; --patience.spins) {
    cpu_pause();
    blocked = still_blocking();
  }
  for (; blocked; blocked = still_blocking(), --patience.looks) {
    const bool over = claims.is_over(claim);
    if (!over && !known && patience.looks > 0) continue;
    stuck_.add(claim.number, claim.word);
    if (over) claim = {};
    return !over;
  }
  return false;
}

bool WriterSteps::take_or_skip(std::uint64_t seq) {
  const bool blocked = is_blocked(seq);
  ARENA_SHM_STOP_POINT(alloc_scanned);
  const std::uint64_t stamp = lap_.slot(seq).stamp();
  if (stamp >= busy(seq)) refuse_corrupt(seq, stamp);
  // The chain may have been mended meanwhile by the one that was late.
  return !blocked || stamp == predecessor(seq, ring_.slot_count);
}

bool WriterSteps::take_or_skip_in_batch(std::uint64_t seq, std::uint64_t published) {
  try {
    return take_or_skip(seq);
  } catch (...) {
    count_values(published);
    ringer_.ring();
    throw;
  }
}

bool WriterSteps::await_room_for_one(Deadline deadline) {
  own_next();  // refuses a signal handler that came while this writer is inside
  const Marked waiting(waiting_);
  return gate_.await_room(deadline);
}

bool WriterSteps::has_room() {
  if (is_forked()) refuse_forked(hold_->segment()->info().name);
  own_next();  // refuses a signal handler that came while this writer is inside
  const Marked waiting(waiting_);
  return gate_.has_room();
}

void WriterSteps::count_skip() noexcept {
  // Relaxed: a counter for display, written by this seat's holder only.
  seat_.skipped.store(seat_.skipped.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  ++skips_;
}

void WriterSteps::give_up(std::uint64_t seq) noexcept {
  blocked_ = {};
  count_skip();
  claim_.word.store(idle(seq + 1), std::memory_order_release);  // W4
}

bool WriterSteps::after_skip(std::uint64_t next, Deadline deadline) {
  count_skip();
  if (skips_ <= ring_.seat_count) return true;
  claim_.word.store(idle(next), std::memory_order_release);  // W4
  return await_free_slot(deadline);
}

/// Is there a slot within the next lap that could be taken now? Claims nothing, so that looking makes no holes.
/// Acquires as scan(), though nothing is touched on what it finds: alloc looks again, after its claim. One that becomes
/// tired says no, and goes on from there the next time.
bool WriterSteps::free_slot_ahead() {
  const std::uint64_t head = ring_.head->load(std::memory_order_acquire);  // W2 -> here
  if (head >= kSeqLimit) return true;                                      // alloc says what is wrong
  const std::uint64_t slots = ring_.slot_count;
  const std::uint64_t end = head + slots;
  Effort effort(kLookAheadEffort);
  const Claims claims(ring_, hold_->segment()->witness(), effort);
  std::bitset<kMaxSeats> tested;
  std::bitset<kMaxSeats> over;
  const auto is_over = [&](const Claim& claim) {
    const std::uint32_t seat = seat_of_claim(claim.number);
    if (!tested[seat]) over[seat] = claims.is_over(claim);
    tested[seat] = true;
    return over[seat];
  };
  const auto is_whole = [&](std::uint64_t seq) noexcept {
    effort.spend(Effort::of_slot(ring_.stride_bytes));
    return ring_.slot_of(seq).stamp() == predecessor(seq, slots);
  };
  std::uint64_t seq = head < looked_ahead_to_ && looked_ahead_to_ < end ? looked_ahead_to_ : head;
  looked_ahead_to_ = 0;
  bool only_whole = false;  // one in `claiming` blocks all that follow whose chain is broken
  while (seq < end) {
    if (is_whole(seq)) return true;
    const std::uint64_t before = seq;
    if (only_whole) ++seq;
    for (std::uint32_t number = 0; number < claims.count() && seq < end && !only_whole; ++number) {
      if (number == claim_number_) continue;
      const Claim claim = claims.look(number);  // W4 -> here
      if (claim.next_blocked(seq, slots) != seq || is_over(claim)) continue;
      only_whole = claim.end == Claim::kNoEnd;
      seq = only_whole ? seq + 1 : std::min(end, claim.blocked_end(seq, slots));
    }
    if (seq == before) return true;
    if (!effort.is_spent() || seq >= end) continue;
    looked_ahead_to_ = seq;
    return false;
  }
  return false;
}

bool WriterSteps::await_free_slot(Deadline deadline) {
  if (forked_.holds()) refuse_forked(hold_->segment()->info().name);
  expect_exit(Begins::use);
  const Marked waiting(waiting_);
  blocked_ = {};
  own_next();  // refuses a signal handler that came while this writer is inside
  constexpr std::chrono::microseconds kLongestSleep{1000};
  std::chrono::microseconds sleep{10};
  for (int look = 0; !free_slot_ahead(); ++look) {
    starved_ = true;
    if (deadline != kWaitForEver && std::chrono::steady_clock::now() >= deadline) return false;
    ARENA_SHM_STOP_POINT(alloc_starved);
    ::pthread_testcancel();  // nothing is held
    if (look < 16) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(sleep);
      sleep = std::min(sleep * 2, kLongestSleep);
    }
  }
  starved_ = false;
  skips_ = 0;
  return true;
}

}  // namespace arena_shm::core
