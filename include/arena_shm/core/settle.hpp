// Settling: what became of a sequence number that was handed out and whose slot does not show it. Decided by a grace
// period over the seats, never by a timeout.
//
//   T1  head > seq               acquire   (the caller saw it)
//   T2  each seat's claim, hi    acquire   no claim covers seq, or the holder of the one that does is dead (witness.hpp)
//   T3  the slot's stamp         acquire   still older than done(seq): then seq is a hole, for ever
//
//   T1: whoever sees head > seq sees the `claiming` of seq's writer, or a later word of its seat: W1 stands before
//       the fetch_add W2, which releases (writer_steps.hpp).
//   T2: a later word of that seat that does not cover seq was stored, with release, after done(seq), or after the
//       writer had skipped seq: so T3 sees done(seq) if it was ever stored. That a session is
//       over means that no store of its holder can still come, and that all it stored is visible.
//   Exclusive arenas have one seat, whose claim is where the session began: T2 is then head > seq + 1 (the writer has
//   published seq, release, before it moved head on), or a session that began after seq, or a dead holder.
//
// Source: the protocol is this project's own; tests/model verifies it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/witness.hpp"

namespace arena_shm::core {

enum class Verdict : std::uint8_t {
  published,    ///< the slot shows it by now
  overwritten,  ///< the slot shows a later value
  hole,         ///< it will never be published
  pending,      ///< its writer may still publish it
};

/// Claims at which a reader or a writer has waited in vain, by number: it does not wait for the same word twice.
/// Thread safety: none; one reader's or writer's.
class StuckClaims {
 public:
  StuckClaims() = default;
  /// With memory for so many claims: then add() needs none.
  explicit StuckClaims(std::uint32_t count) : claims_(count) {}

  bool contains(std::uint32_t number, std::uint64_t claim) const noexcept {
    return number < claims_.size() && claims_[number] == claim;
  }
  void add(std::uint32_t number, std::uint64_t claim);
  /// Adds what stands in both.
  void add_common(const StuckClaims& a, const StuckClaims& b);
  void clear() noexcept { claims_.clear(); }

 private:
  std::vector<std::uint64_t> claims_;  // 0 is no claim that covers anything
};

struct Settlement {
  Verdict verdict;
  bool all_stuck = false;  ///< pending, and only behind claims that are known to be stuck
};

/// One look. Requires: seq < head was seen with acquire (T1); seq < kSeqLimit.
/// With `mark`, the claims that keep seq pending are added to it.
/// Cost: two loads per seat; as Witness for each seat with a claim that covers seq.
Settlement settle(const Ring& ring, const Witness& witness, std::uint64_t seq, const StuckClaims& stuck,
                  StuckClaims* mark = nullptr);

}  // namespace arena_shm::core
