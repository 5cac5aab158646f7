#include "arena_shm/core/late_values.hpp"

#include "arena_shm/core/claims.hpp"
#include "arena_shm/core/settle.hpp"

namespace arena_shm::core {

std::optional<LateValues::Outcome> LateValues::look_at(std::uint64_t number) const noexcept {
  const std::uint64_t stamp = segment_.ring().slot_of(number).stamp();
  if (stamp == done(number)) return Outcome{number, Verdict::published};
  if (is_newer(stamp, number)) return Outcome{number, Verdict::overwritten};
  return std::nullopt;
}

std::optional<LateValues::Outcome> LateValues::look_at_next() noexcept {
  auto at = numbers_.lower_bound(next_);
  if (at == numbers_.end()) at = numbers_.begin();
  if (at == numbers_.end()) return std::nullopt;
  auto outcome = look_at(*at);
  if (outcome && !shows_them_) {
    // A writer that goes on publishes its values in order: so they shall come.
    outcome.reset();
    for (at = numbers_.begin(); at != numbers_.end() && !outcome; ++at) outcome = look_at(*at);
    next_ = outcome ? outcome->number + 1 : 0;
  } else {
    next_ = *at + 1;
  }
  shows_them_ = outcome.has_value();
  return outcome;
}

std::optional<LateValues::Outcome> LateValues::settle_any(std::uint64_t from) const {
  const Ring& ring = segment_.ring();
  Effort effort(0);
  const Claims claims(ring, segment_.witness(), effort);
  const StuckClaims nobody;
  for (auto at = numbers_.lower_bound(from); at != numbers_.end();) {
    const Settlement run = settle(ring, claims, {*at, *numbers_.rbegin() + 1}, nobody, nullptr);
    if (run.verdict != Verdict::pending) return Outcome{*at, run.verdict};
    // The same claims cover those behind it: only their slots can tell.
    for (++at; at != numbers_.end() && *at < run.end; ++at) {
      if (const auto outcome = look_at(*at)) return outcome;
    }
  }
  return std::nullopt;
}

}  // namespace arena_shm::core
