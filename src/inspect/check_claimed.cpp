#include "inspect/check_claimed.hpp"

#include <algorithm>
#include <iterator>

namespace arena_shm::inspect {

Claimed::Claimed(const Seats& seats, bool is_lane) {
  for (const SeatFacts& seat : seats.all) {
    if (seat.holder == Holder::never || seat.holder == Holder::left || is_dead(seat.holder)) continue;
    if (is_lane) {
      // All since its session began: a batch claims at once. Those that are published, the slots tell.
      runs_.push_back({seat.claims[0].seq, kNoEnd});
      continue;
    }
    for (const ClaimFacts& claim : seat.claims) {
      if (!claim.is_inside()) continue;
      runs_.push_back(
          {claim.seq, claim.kind == core::ClaimKind::claiming ? kNoEnd : std::max(claim.seq + 1, claim.hi)});
    }
  }
  std::sort(runs_.begin(), runs_.end(), [](const Run& a, const Run& b) { return a.first < b.first; });
  for (std::size_t i = 1; i < runs_.size(); ++i) runs_[i].end = std::max(runs_[i].end, runs_[i - 1].end);
}

bool Claimed::contains(std::uint64_t seq) const noexcept {
  const auto behind =
      std::upper_bound(runs_.begin(), runs_.end(), seq, [](std::uint64_t s, const Run& run) { return s < run.first; });
  return behind != runs_.begin() && seq < std::prev(behind)->end;
}

std::uint64_t Claimed::count(Run run) const noexcept {
  std::uint64_t count = 0;
  for (const Run& claimed : runs_) {
    const std::uint64_t begin = std::max(claimed.first, run.first);
    const std::uint64_t end = std::min(claimed.end, run.end);
    if (begin >= end) continue;
    count += end - begin;
    run.first = end;
  }
  return count;
}

std::uint64_t Claimed::first_outside(Run run) const noexcept {
  for (const Run& claimed : runs_) {
    if (claimed.first > run.first) break;
    run.first = std::max(run.first, claimed.end);
  }
  return std::min(run.first, run.end);
}

}  // namespace arena_shm::inspect
