#include "arena_shm/core/writer_steps.hpp"

#include <pthread.h>

#include <algorithm>
#include <bitset>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr int kSpinsBeforeLease = 128;  // a living writer is in its slot for nanoseconds
constexpr int kLooksAfterLease = 16;    // then it is preempted or stopped: its slot is skipped

}  // namespace

WriterSteps::WriterSteps(std::shared_ptr<const SeatHold> hold, std::uint32_t which)
    : hold_(std::move(hold)),
      ring_(hold_->segment()->ring()),
      seat_(hold_->seat()),
      claim_(seat_.claim_at(which)),
      claim_number_(claim_number(hold_->index(), which)),
      ringer_(*hold_->segment()->doorbell(), !hold_->membarrier_registered()),
      lap_(ring_),
      stuck_(ring_.claim_count()),
      exclusive_(ring_.exclusive ? Exclusive::idle : Exclusive::no) {}

void WriterSteps::enter_lap(std::uint64_t seq, std::uint64_t next) {
  if (seq >= kSeqLimit) {
    if (exclusive() != Exclusive::no) {
      become(Exclusive::idle);
    } else {
      claim_.word.store(idle(next), std::memory_order_release);  // W4
    }
    throw Error(Code::exhausted, {.name = hold_->segment()->info().name,
                                  .doing = "alloc in",
                                  .expected = "a sequence number below " + std::to_string(kSeqLimit),
                                  .found = std::to_string(seq),
                                  .remedy = "create the arena anew"});
  }
  lap_.move_to(seq);
  prefetch_first(ring_.slots);
}

void WriterSteps::refuse_reentry() {
  throw Error(Code::reentered, {.name = {},
                                .doing = "alloc",
                                .expected = "a writer that is not in use",
                                .found = "one that is inside of alloc on this very thread, or on another",
                                .remedy = "give each thread, and each signal handler, a writer of its own"});
}

void WriterSteps::refuse_corrupt(std::uint64_t seq, std::uint64_t stamp) const {
  claim_.word.store(idle(seq + 1), std::memory_order_release);  // W4: seq is given up
  throw Error(Code::corrupt, {.name = hold_->segment()->info().name,
                              .doing = "alloc in",
                              .expected = "a stamp older than " + std::to_string(busy(seq)),
                              .found = std::to_string(stamp),
                              .remedy = "somebody wrote over the segment; remove it and create it anew"});
}

bool WriterSteps::is_blocked(std::uint64_t seq) {
  const Witness& witness = hold_->segment()->witness();
  for (std::uint32_t i = 0; i < ring_.claim_count(); ++i) {
    if (i == claim_number_) continue;
    const Claim other = ring_.claim(i);
    std::uint64_t claim = 0;
    const auto blocking = [&]() noexcept {
      claim = other.word.load(std::memory_order_acquire);                 // W4 -> here; the claim first,
      const std::uint64_t hi = other.hi.load(std::memory_order_acquire);  // of a batch: hi comes before `writing`
      return blocks(claim, hi, seq, ring_.slot_count);
    };
    bool blocked = blocking();
    // One who was found stuck in this very word is not waited for again: it costs a lap its slot, not the writer time.
    const bool known = blocked && stuck_.contains(i, claim);
    for (int spin = 0; blocked && !known && spin < kSpinsBeforeLease; ++spin) {
      cpu_pause();
      blocked = blocking();
    }
    for (int look = 0; blocked; ++look) {
      if (witness.is_over(seat_of_claim(i))) break;  // then its holder: all that it stored is visible
      if (known || look == kLooksAfterLease) {
        stuck_.add(i, claim);
        return true;
      }
      blocked = blocking();
    }
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

void WriterSteps::count_skip() noexcept {
  // Relaxed: a counter for display, written by this seat's holder only.
  seat_.skipped.store(seat_.skipped.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  ++skips_;
}

void WriterSteps::give_up(std::uint64_t seq) noexcept {
  count_skip();
  claim_.word.store(idle(seq + 1), std::memory_order_release);  // W4
}

bool WriterSteps::after_skip(std::uint64_t next, bool may_wait) {
  count_skip();
  if (skips_ <= ring_.seat_count) return true;
  claim_.word.store(idle(next), std::memory_order_release);  // W4
  return await_free_slot(may_wait);
}

/// Is there a slot within the next lap that could be taken now? Claims nothing, so that looking makes no holes.
/// Acquires as is_blocked, though nothing is touched on what it finds: alloc looks again, after its claim.
bool WriterSteps::free_slot_ahead() const {
  const std::uint64_t head = ring_.control->head.load(std::memory_order_acquire);  // W2 -> here
  if (head >= kSeqLimit) return true;                                              // alloc says what is wrong
  std::bitset<kMaxSeats> tested;
  std::bitset<kMaxSeats> alive;
  const auto blocked_by = [&](std::uint32_t i, std::uint64_t seq) -> bool {
    const Claim other = ring_.claim(i);
    const std::uint64_t claim = other.word.load(std::memory_order_acquire);  // W4 -> here
    const std::uint64_t hi = other.hi.load(std::memory_order_acquire);
    if (i == claim_number_ || !blocks(claim, hi, seq, ring_.slot_count)) return false;
    const std::uint32_t seat = seat_of_claim(i);
    if (!tested[seat]) alive[seat] = !hold_->segment()->witness().is_over(seat);
    tested[seat] = true;
    return alive[seat];
  };
  for (std::uint64_t seq = head; seq < head + ring_.slot_count; ++seq) {
    if (ring_.slot_of(seq).stamp() == predecessor(seq, ring_.slot_count)) return true;
    bool blocked = false;
    for (std::uint32_t i = 0; i < ring_.claim_count() && !blocked; ++i) blocked = blocked_by(i, seq);
    if (!blocked) return true;
  }
  return false;
}

bool WriterSteps::await_free_slot(bool may_wait) {
  own_next();  // refuses a signal handler that came while this writer is inside
  constexpr std::chrono::microseconds kLongestSleep{1000};
  std::chrono::microseconds sleep{10};
  for (int look = 0; !free_slot_ahead(); ++look) {
    starved_ = true;
    if (!may_wait) return false;
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
