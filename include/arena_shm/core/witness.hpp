// Who has died: the one place that is asked whether a session of a seat is over, that is, whether no store of its
// holder can still come. What proves it, the cheapest first:
//
//   the segment   `ended` says so: the holder left, or somebody has cleared up after it
//   the memory    this process has seen a proof before; a session that is over stays so
//   the lease     it is free (lease.hpp): the holder's address space is gone
//   /proc         every task of the holder is past the point of no return, and nobody else has its memory
//                 (process_death.hpp). The lease of a process with much memory, or one that dumps core, comes later.
//
// Ordering: whoever is told that a session is over sees all that its holder stored.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "arena_shm/core/lease.hpp"
#include "arena_shm/core/ring.hpp"

namespace arena_shm::core {

struct Holder;

enum class Life : std::uint8_t {
  over,
  alive,    ///< or it cannot be proved yet that it is not
  unknown,  ///< cannot be told at all: the descriptor is lost. To be treated like alive
};

/// Thread safety: all members may be called from any thread, and from signal handlers.
class Witness {
 public:
  /// Both outlive this.
  Witness(const Ring& ring, const LeaseFile& leases);

  /// Requires: the session has been read from the seat's word, with acquire, or is older.
  /// Cost: three system calls, if the segment does not tell; /proc is asked at most once a millisecond a seat, and for
  /// a quarter of the time in all.
  Life life_of(std::uint32_t seat, std::uint64_t session) const noexcept;

  /// Of a claim, or of a word that names the seat, that was read, with acquire, before this: is whoever stored it dead?
  /// A session that has begun since proves it for those before.
  bool is_over(std::uint32_t seat) const noexcept {
    return life_of(seat, ring_.seats[seat].session.load(std::memory_order_acquire)) == Life::over;
  }

  /// The parts of life_of, for who looks at many seats: what takes no system call, and the lease.
  bool is_known_over(std::uint32_t seat, std::uint64_t session) const noexcept;
  bool has_free_lease(std::uint32_t seat, std::uint64_t session) const noexcept;

 private:
  struct Memory {
    std::atomic<std::uint64_t> over{0};     // the newest session that was proved to be over
    std::atomic<std::int64_t> asked_ns{0};  // when /proc was last asked, CLOCK_MONOTONIC
  };

  static bool can_be(std::uint64_t session) noexcept;
  bool segment_says_over(std::uint32_t seat, std::uint64_t session) const noexcept;
  void remember(std::uint32_t seat, std::uint64_t session) const noexcept;
  bool may_ask_proc(std::uint32_t seat) const noexcept;
  void remember_all_of(const Holder& holder) const noexcept;
  bool proc_says_over(std::uint32_t seat, std::uint64_t session) const noexcept;

  const Ring& ring_;
  const LeaseFile& leases_;
  std::unique_ptr<Memory[]> memory_;                // by seat
  mutable std::atomic<std::int64_t> window_ns_{0};  // when the newest window of kProcWindow_ns began, CLOCK_MONOTONIC
  mutable std::atomic<std::int64_t> spent_ns_{0};   // by looks at /proc, in this window
};

}  // namespace arena_shm::core
