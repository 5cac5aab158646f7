#include "arena_shm/core/claims.hpp"

namespace arena_shm::core {
namespace {

/// Which of its values are published, the slots tell: head may be beyond a whole batch that is under way.
Claim look_at_lane(const Ring& lane) noexcept {
  const std::uint64_t head = lane.head->load(std::memory_order_acquire);                         // X1 -> here
  const std::uint64_t session = claim_seq(lane.seats[0].claim.load(std::memory_order_acquire));  // E4 -> here
  if (session >= head) return {};
  // The word is another one with each claim.
  return {.number = 0, .word = writing(head - 1), .first = session, .end = head};
}

}  // namespace

Claim Claims::look(std::uint32_t number) const noexcept {
  effort_.spend(Effort::kSeat);
  if (ring_.exclusive) return look_at_lane(ring_);
  const ClaimWords there = ring_.claim(number);
  const std::uint64_t word = there.word.load(std::memory_order_acquire);  // the claim first
  const std::uint64_t hi = there.hi.load(std::memory_order_acquire);      // grows only: a mismatch covers more
  const std::uint64_t first = claim_seq(word);
  switch (claim_kind(word)) {
    case ClaimKind::claiming: return {.number = number, .word = word, .first = first, .end = Claim::kNoEnd};
    case ClaimKind::writing: return {.number = number, .word = word, .first = first, .end = std::max(first + 1, hi)};
    default: return {.number = number, .word = word, .first = first, .end = first};
  }
}

bool Claims::is_over(const Claim& claim) const noexcept {
  effort_.spend(Effort::kLease);
  return witness_.is_over(ring_.first_seat + seat_of_claim(claim.number));
}

}  // namespace arena_shm::core
