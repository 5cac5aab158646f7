#include "arena_shm/core/late_values.hpp"

#include <algorithm>

#include "arena_shm/core/claims.hpp"
#include "arena_shm/core/settle.hpp"

namespace arena_shm::core {

std::optional<LateValues::Outcome> LateValues::look_at_next() noexcept {
  if (numbers_.empty()) return std::nullopt;
  next_ = next_ + 1 < numbers_.size() ? next_ + 1 : 0;
  const std::uint64_t number = numbers_[next_];
  const std::uint64_t stamp = segment_.ring().slot_of(number).stamp();
  if (stamp == done(number)) return Outcome{number, Verdict::published};
  if (is_newer(stamp, number)) return Outcome{number, Verdict::overwritten};
  return std::nullopt;
}

std::optional<LateValues::Outcome> LateValues::settle_any() const {
  const Ring& ring = segment_.ring();
  Effort effort(0);
  const Claims claims(ring, segment_.witness(), effort);
  const StuckClaims nobody;
  for (const std::uint64_t number : numbers_) {
    const Verdict verdict = settle(ring, claims, {number, number + 1}, nobody, nullptr).verdict;
    if (verdict != Verdict::pending) return Outcome{number, verdict};
  }
  return std::nullopt;
}

void LateValues::remove(std::uint64_t number) noexcept {
  const auto at = std::ranges::lower_bound(numbers_, number);
  if (at != numbers_.end() && *at == number) numbers_.erase(at);
}

}  // namespace arena_shm::core
