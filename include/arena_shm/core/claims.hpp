// What the seats say: which sequence numbers their holders may still act on, and which holders live. All that reads
// other seats' claims, and asks for the leases behind them, goes through here.
#pragma once

#include <algorithm>
#include <cstdint>

#include "arena_shm/core/effort.hpp"
#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/witness.hpp"

namespace arena_shm::core {

/// A claim, as one look found it: its holder may still publish the seqs [first, end), should it live.
struct Claim {
  static constexpr std::uint64_t kNoEnd = ~std::uint64_t{0};

  std::uint32_t number = 0;  ///< ring.hpp: claim_number
  std::uint64_t word = 0;    ///< tells it from those before and after it
  std::uint64_t first = 0;
  std::uint64_t end = 0;  ///< kNoEnd: any seq from `first` on; `first`: none at all

  bool covers(std::uint64_t seq) const noexcept { return first <= seq && seq < end; }
  /// Covers some of the seqs [from, to).
  bool overlaps(std::uint64_t from, std::uint64_t to) const noexcept {
    return std::max(first, from) < std::min(end, to);
  }

  /// The first seq from `seq` on whose slot its holder may be in for an older value; kNoEnd if there is none.
  std::uint64_t next_blocked(std::uint64_t seq, std::uint64_t slots) const noexcept {
    if (first == end) return kNoEnd;
    if (end == kNoEnd) return std::max(seq, first + 1);
    if (seq < first + slots) return first + slots;
    const std::uint64_t into_lap = (seq - first) % slots;
    return into_lap < end - first ? seq : seq + (slots - into_lap);
  }
  /// Where the run of such seqs ends that `seq` stands in. Requires: next_blocked(seq) == seq.
  std::uint64_t blocked_end(std::uint64_t seq, std::uint64_t slots) const noexcept {
    if (end - first >= slots) return kNoEnd;
    return seq + (end - first - (seq - first) % slots);
  }
};

/// Thread safety: none; for one look.
class Claims {
 public:
  Claims(const Ring& ring, const Witness& witness, Effort& effort) noexcept
      : ring_(ring), witness_(witness), effort_(effort) {}

  std::uint32_t count() const noexcept { return ring_.exclusive ? 1 : ring_.claim_count(); }

  /// T2, first half; acquires what was published under the claims before. A lane has one seat, whose word is that of
  /// the whole session: it covers what that has claimed, from where it began, or has left numbers out up to, to the
  /// head.
  Claim look(std::uint32_t number) const noexcept;

  /// T2, second half: the holder, after the claim. True: no store of its can still come, and what it has stored is
  /// visible.
  /// Cost: as Witness::life_of.
  bool is_over(const Claim& claim) const noexcept;

 private:
  const Ring& ring_;
  const Witness& witness_;
  Effort& effort_;
};

}  // namespace arena_shm::core
