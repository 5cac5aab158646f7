// Settling: what became of sequence numbers that were handed out and whose slots do not show them. Decided by a grace
// period over the seats, never by a timeout; and for a whole run of seqs by one scan of the seats.
//
//   T1  head > seq               acquire   (the caller saw it), for each seq of the run, before the scan
//   T2  each claim, its hi       acquire   no claim covers seq, or the holder of the one that does is dead
//   (witness.hpp) T3  the slot's stamp         acquire   still older than done(seq): then seq is a hole, for ever
//
//   T1: whoever sees head > seq sees the `claiming` of seq's writer, or a later word of its seat: W1 stands before
//       the fetch_add W2, which releases (writer_steps.hpp).
//   T2: a later word of that seat that does not cover seq was stored, with release, after done(seq), or after the
//       writer had skipped seq: so T3 sees done(seq) if it was ever stored. That a holder is dead means that no store
//       of its can still come, and that all it stored is visible.
//   A run is many such settlements whose scan is one and the same: nothing in T2 is about a single seq. A seq that
//       nobody covers at T2 is covered by nobody ever after. So T3 may come at any time later, and the look at a slot
//       serves for all seqs of that slot: once a whole lap has been looked at, the rest of the run needs no look.
//   A lane has one seat, whose claim is where the session began, or what it has left numbers out up to
//       (lane_writer.hpp, A1): T2 is then a session that began after seq (E4 stands behind all that those before it
//       stored), or has left it out; or a dead holder. What a living one has claimed from there on, and not published,
//       is to come.
//
// Source: the protocol is this project's own; tests/model verifies it.
#pragma once

#include <cstdint>
#include <vector>

#include "arena_shm/core/claims.hpp"
#include "arena_shm/core/effort.hpp"
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

/// The seqs [first, end).
struct SeqSpan {
  std::uint64_t first;
  std::uint64_t end;
};

struct Settlement {
  Verdict verdict;        ///< of the first seq
  std::uint64_t end;      ///< where the run ends of those that are covered by the same living claims; hole: by none
  bool all_stuck = true;  ///< pending: and only behind claims that are known to be stuck
};

/// One scan of the seats. Requires: head >= span.end was seen with acquire (T1); span.first < span.end <= kSeqLimit.
/// With `mark`, the claims that keep the first seq pending are added to it.
/// Returns: a verdict of the first seq. Those behind it, up to `end`, have the same one, but that T3 is for the caller:
/// the slot may show them.
/// Cost: two loads per seat; as Witness::life_of for each seat with a claim that covers some of the run.
Settlement settle(const Ring& ring, const Claims& claims, SeqSpan span, const StuckClaims& stuck,
                  StuckClaims* mark = nullptr);

/// T3 for many: the first seq of the span whose slot shows it, or shows a newer one; or to which the effort did not
/// reach; else span.end.
std::uint64_t unshown_end(const Ring& ring, SeqSpan span, Effort& effort) noexcept;

}  // namespace arena_shm::core
