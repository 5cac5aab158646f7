// Arithmetic of the two words that the protocol is about: a slot's stamp, and a seat's claim.
#pragma once

#include <algorithm>
#include <cstdint>

namespace arena_shm::core {

/// Sequence numbers below this one are handed out; the room above it is for the counter's overshoot when writers go on
/// asking. Claims need seq < 2^62, stamps seq < 2^63 - 1.
inline constexpr std::uint64_t kSeqLimit = std::uint64_t{1} << 61;
/// The same in a lossless arena, where a member of a group has one in a word, beside a count (held.hpp).
inline constexpr std::uint64_t kLosslessSeqLimit = std::uint64_t{1} << 59;

// A stamp stands before each payload: (seq + 1) << 1 | busy. Its seq only grows, so "newer" is greater than busy(seq);
// of one seq, busy comes before done.
//   0          never used; so a page of zeros is never taken for a published value
//   busy(seq)  the writer of seq is in the slot
//   done(seq)  seq is published
inline constexpr std::uint64_t kNeverUsed = 0;
constexpr std::uint64_t done(std::uint64_t seq) noexcept { return (seq + 1) << 1; }
constexpr std::uint64_t busy(std::uint64_t seq) noexcept { return (seq + 1) << 1 | 1; }
constexpr bool is_busy(std::uint64_t stamp) noexcept { return (stamp & 1) != 0; }
/// Requires: stamp != kNeverUsed.
constexpr std::uint64_t stamp_seq(std::uint64_t stamp) noexcept { return (stamp >> 1) - 1; }
/// What the writer of `seq` finds if the value a lap before was published and nobody is late.
constexpr std::uint64_t predecessor(std::uint64_t seq, std::uint64_t slots) noexcept {
  return seq >= slots ? done(seq - slots) : kNeverUsed;
}
/// A stamp says that seq's slot has been handed on: seq is published no more, or never was.
constexpr bool is_newer(std::uint64_t stamp, std::uint64_t seq) noexcept { return stamp > busy(seq); }

// A claim says what the holder of a seat is inside of: number << 2 | kind.
//   idle(l)      nothing; the holder's next seq will be l or later
//   claiming(l)  about to hold some seq >= l, perhaps holding it already
//   writing(lo)  holds the seqs [lo, max(lo + 1, hi)), `hi` being the seat's second word
enum class ClaimKind : std::uint8_t { idle = 0, claiming = 1, writing = 2, invalid = 3 };
constexpr std::uint64_t idle(std::uint64_t next) noexcept { return next << 2; }
constexpr std::uint64_t claiming(std::uint64_t next) noexcept { return next << 2 | 1; }
constexpr std::uint64_t writing(std::uint64_t seq) noexcept { return seq << 2 | 2; }
constexpr ClaimKind claim_kind(std::uint64_t claim) noexcept { return static_cast<ClaimKind>(claim & 3); }
constexpr std::uint64_t claim_seq(std::uint64_t claim) noexcept { return claim >> 2; }

/// May the holder of this claim still publish `seq`? What readers ask.
constexpr bool covers(std::uint64_t claim, std::uint64_t hi, std::uint64_t seq) noexcept {
  const std::uint64_t lo = claim_seq(claim);
  switch (claim_kind(claim)) {
    case ClaimKind::claiming: return lo <= seq;
    case ClaimKind::writing: return lo <= seq && seq < std::max(lo + 1, hi);
    default: return false;
  }
}

/// May the holder of this claim be in the slot of `seq` for an older value? What writers ask.
constexpr bool blocks(std::uint64_t claim, std::uint64_t hi, std::uint64_t seq, std::uint64_t slots) noexcept {
  const std::uint64_t lo = claim_seq(claim);
  if (lo >= seq) return false;
  switch (claim_kind(claim)) {
    case ClaimKind::claiming: return true;
    case ClaimKind::writing: {
      // The newest seq of this slot that is older than seq and not beyond the claim's end.
      const std::uint64_t end = std::max(lo + 1, hi);
      if (end >= seq) return seq - lo >= slots;          // [lo, seq) has one if it is at least a lap long
      return (seq - lo) / slots != (seq - end) / slots;  // a multiple of `slots` in (seq - end, seq - lo]
    }
    default: return false;
  }
}

}  // namespace arena_shm::core
