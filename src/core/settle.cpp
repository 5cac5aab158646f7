#include "arena_shm/core/settle.hpp"

#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {
namespace {

/// What the slot itself tells; `pending` if nothing.
Verdict verdict_of(std::uint64_t stamp, std::uint64_t seq) noexcept {
  if (stamp == done(seq)) return Verdict::published;
  return is_newer(stamp, seq) ? Verdict::overwritten : Verdict::pending;
}

/// Has the one seat of an exclusive arena a living holder that may still publish seq?
bool exclusive_covers(const Ring& ring, const Witness& witness, std::uint64_t seq) {
  if (ring.control->head.load(std::memory_order_acquire) > seq + 1) return false;   // T2: X1
  const std::uint64_t claim = ring.seats[0].claim.load(std::memory_order_acquire);  // T2
  return claim_seq(claim) <= seq && !witness.is_over(0);
}

}  // namespace

void StuckClaims::add(std::uint32_t number, std::uint64_t claim) {
  if (claims_.size() <= number) claims_.resize(number + 1, 0);
  claims_[number] = claim;
}

void StuckClaims::add_common(const StuckClaims& a, const StuckClaims& b) {
  for (std::uint32_t i = 0; i < a.claims_.size(); ++i) {
    if (a.claims_[i] != 0 && b.contains(i, a.claims_[i])) add(i, a.claims_[i]);
  }
}

Settlement settle(const Ring& ring, const Witness& witness, std::uint64_t seq, const StuckClaims& stuck,
                  StuckClaims* mark) {
  const Slot slot = ring.slot_of(seq);
  Settlement result{verdict_of(slot.stamp(), seq), true};
  if (result.verdict != Verdict::pending) return result;
  ARENA_SHM_STOP_POINT(settle_begun);
  bool covered = false;
  for (std::uint32_t i = 0; i < (ring.exclusive ? 1 : ring.claim_count()); ++i) {
    std::uint64_t claim = 0;
    if (ring.exclusive) {
      if (!exclusive_covers(ring, witness, seq)) continue;
      claim = writing(seq);  // its word is that of the whole session: what may be stuck is this one value
    } else {
      const Claim words = ring.claim(i);
      claim = words.word.load(std::memory_order_acquire);                 // T2, the claim first
      const std::uint64_t hi = words.hi.load(std::memory_order_acquire);  // grows only: a mismatch covers more
      if (!covers(claim, hi, seq) || witness.is_over(seat_of_claim(i))) continue;  // then its holder
    }
    covered = true;
    result.all_stuck = result.all_stuck && stuck.contains(i, claim);
    if (mark != nullptr) mark->add(i, claim);
  }
  ARENA_SHM_STOP_POINT(settle_scanned);
  result.verdict = verdict_of(slot.stamp(), seq);  // T3
  if (result.verdict == Verdict::pending && !covered) result.verdict = Verdict::hole;
  return result;
}

}  // namespace arena_shm::core
