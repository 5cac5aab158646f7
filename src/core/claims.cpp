#include "arena_shm/core/claims.hpp"

namespace arena_shm::core {
namespace {

Claim look_exclusive(const Ring& ring) noexcept {
  // X1: whoever sees head > seq + 1 sees what became of seq.
  const std::uint64_t head = ring.head->load(std::memory_order_acquire);
  const std::uint64_t session = claim_seq(ring.seats[0].claim.load(std::memory_order_acquire));
  if (session >= head) return {};
  return {.number = 0, .word = writing(head - 1), .first = head - 1, .end = head};
}

}  // namespace

Claim Claims::look(std::uint32_t number) const noexcept {
  effort_.spend(Effort::kSeat);
  if (ring_.exclusive) return look_exclusive(ring_);
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
  return witness_.is_over(seat_of_claim(claim.number));
}

}  // namespace arena_shm::core
