#include "arena_shm/core/settle.hpp"

#include <algorithm>

#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {
namespace {

/// What the slot itself tells; `pending` if nothing.
Verdict verdict_of(std::uint64_t stamp, std::uint64_t seq) noexcept {
  if (stamp == done(seq)) return Verdict::published;
  return is_newer(stamp, seq) ? Verdict::overwritten : Verdict::pending;
}

}  // namespace

void StuckClaims::add(std::uint32_t seat, std::uint64_t claim) {
  if (claims_.size() <= seat) claims_.resize(seat + 1, 0);
  claims_[seat] = claim;
}

void StuckClaims::add_common(const StuckClaims& a, const StuckClaims& b) {
  for (std::uint32_t seat = 0; seat < a.claims_.size(); ++seat) {
    if (a.claims_[seat] != 0 && b.contains(seat, a.claims_[seat])) add(seat, a.claims_[seat]);
  }
}

Settlement settle(const Ring& ring, const Claims& claims, SeqSpan span, const StuckClaims& stuck, StuckClaims* mark) {
  const std::uint64_t seq = span.first;
  const Slot slot = ring.slot_of(seq);
  Settlement result{.verdict = verdict_of(slot.stamp(), seq), .end = seq + 1};
  if (result.verdict != Verdict::pending) return result;
  ARENA_SHM_STOP_POINT(settle_begun);
  result.end = span.end;
  bool covered = false;
  for (std::uint32_t seat = 0; seat < claims.seat_count(); ++seat) {
    const Claim claim = claims.look(seat);  // T2
    // Only of those that touch what is left of the run.
    if (!claim.overlaps(seq, result.end) || claims.is_over(claim)) continue;
    result.end = std::min(result.end, claim.covers(seq) ? claim.end : claim.first);
    if (!claim.covers(seq)) continue;
    covered = true;
    result.all_stuck = result.all_stuck && stuck.contains(seat, claim.word);
    if (mark != nullptr) mark->add(seat, claim.word);
  }
  ARENA_SHM_STOP_POINT(settle_scanned);
  result.verdict = verdict_of(slot.stamp(), seq);  // T3
  if (result.verdict == Verdict::pending && !covered) result.verdict = Verdict::hole;
  return result;
}

std::uint64_t unshown_end(const Ring& ring, SeqSpan span, Effort& effort) noexcept {
  const std::uint64_t cost = Effort::of_slot(ring.stride_bytes);
  std::uint64_t index = ring.modulo(span.first);
  std::uint64_t seq = span.first;
  while (seq < span.end && effort.try_spend(cost) && verdict_of(ring.slot(index).stamp(), seq) == Verdict::pending) {
    ++seq;
    if (++index == ring.slot_count) index = 0;
  }
  return seq;
}

}  // namespace arena_shm::core
