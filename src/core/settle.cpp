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

/// Each look at a lease walks the kernel's list of all that are held. Where so many live, the others are not asked
/// about, and taken for alive: what they cover stays pending. A writer that looks for a free slot has to ask about
/// each.
constexpr int kMostAlive = 64;

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

Settlement settle(const Ring& ring, const Claims& claims, SeqSpan span, const StuckClaims& stuck, StuckClaims* mark) {
  const std::uint64_t seq = span.first;
  const Slot slot = ring.slot_of(seq);
  Settlement result{.verdict = verdict_of(slot.stamp(), seq), .end = seq + 1};
  if (result.verdict != Verdict::pending) return result;
  ARENA_SHM_STOP_POINT(settle_begun);
  result.end = span.end;
  bool covered = false;
  // Counted apart: those that wait behind seq, however many, must not hide that its own writer is dead.
  int alive_at_seq = 0;
  int alive_behind = 0;
  for (std::uint32_t number = 0; number < claims.count(); ++number) {
    const Claim claim = claims.look(number);  // T2
    int& alive = claim.covers(seq) ? alive_at_seq : alive_behind;
    // Only of those that touch what is left of the run.
    if (!claim.overlaps(seq, result.end) || (alive < kMostAlive && claims.is_over(claim))) continue;
    ++alive;
    result.end = std::min(result.end, claim.covers(seq) ? claim.end : claim.first);
    if (!claim.covers(seq)) continue;
    covered = true;
    result.all_stuck = result.all_stuck && stuck.contains(number, claim.word);
    if (mark != nullptr) mark->add(number, claim.word);
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
