// The gate of a lossless arena: up to where its writers may write. That is a lap beyond what every consumer has done
// with.
//
//   G1  h0 := head                                    acquire
//   G2  fence                                         seq_cst
//   G3  each consumer that gates: state, released     acquire   is it in the way, and dead? Then it is freed
//       of a group: moves, next; then what each of its members holds; then moves: if they have changed, from G3 on
//   G4  gate := slots + min(h0, each released, each number that is held)
//       still full: spins, G1 to G4; then
//   G5  announces that it sleeps; membarrier; G1 to G4 once more   (doorbell.hpp, the word being `room`)
//   G6  sleeps, in slices
//
//   a consumer joins     J0  released := head     J1  state := joined, or kept     J2  fence, seq_cst
//                        J3  H := head            J4  released := H                J5  rings `room`
//   it has done with n   L1  released := n, release      L2  rings `room`
//
// Why a gate that was found once may be relied on ever after: it is no more than a lap beyond a head that was seen
// before the scan. A consumer that the scan has missed reads its H after that (G2 and J2 are Dekker's), so that H is
// not below it: what is written up to that gate overwrites nothing from H on.
// Why no wake-up is lost: G5's store, membarrier and look, against L1's store and L2's look, are those of a doorbell.
//
// Ordering pairs
//   L1, J4 -> G3   who finds a number released comes after all that its consumer has read below it: the value that is
//                  written there is in no copy.
//   J0 -> J1 -> G3 who finds a consumer joined finds what it has released, or later, and not what somebody before it
//   had. E5 -> is it dead?   (seat.hpp) as for a writer's seat.
//
// A writer of a shared ring waits with its number in hand, and its claim says so: readers see it pending. One of a lane
// waits before it claims.
//
// Source: the protocol is this project's own. tests/model/consumers.pml verifies it.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/segment.hpp"

namespace arena_shm::core {

/// So long a writer sleeps; then it looks whether those in the way still live.
inline constexpr std::chrono::nanoseconds kGateSlice = std::chrono::milliseconds{10};

/// Until when a writer waits.
using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kWaitForEver = Deadline::max();
inline constexpr Deadline kDoNotWait = Deadline::min();
inline Deadline deadline_in(std::chrono::nanoseconds timeout) noexcept {
  if (timeout <= std::chrono::nanoseconds{0}) return kDoNotWait;
  const Deadline now = std::chrono::steady_clock::now();
  return timeout < kWaitForEver - now ? now + timeout : kWaitForEver;
}

/// Thread safety: one thread at a time.
class Gate {
 public:
  static constexpr std::uint64_t kOpen = ~std::uint64_t{0};
  static constexpr std::uint32_t kNobody = ~std::uint32_t{0};

  /// Of a lane, or a ring, in which the seat is the caller's. In an arena that overwrites, open for ever.
  Gate(const Segment& segment, const Ring& ring, Seat& mine);

  bool is_lossless() const noexcept { return consumers_.count() > 0; }
  /// Numbers below it may be written. Only grows.
  [[gnu::always_inline]] std::uint64_t end() const noexcept { return end_; }

  /// Is there room for the next number, and, in a shared ring, for one of each other seat that is held, as far as they
  /// leave half of the ring? Never waits. Cost: if it was not seen before, a look at each consumer, and, if there
  /// is none, at the lease of who is in the way.
  bool has_room() noexcept;
  /// For who spins, once there was none: has the one that was in the way moved since? Cost: a load, or two.
  bool may_have_room() const noexcept;
  /// How many of so many numbers there is room for now. Cost: as has_room.
  std::uint64_t room_for(std::uint64_t wanted) noexcept;
  /// Waits until `number` is below the end: spinning, then asleep. False: not in time. Evicts who has been in the way
  /// without progress for longer than the arena's patience.
  /// Errors: Code::would_deadlock, if a consumer of this process is in the way, and the process has no other thread.
  bool await(std::uint64_t number, Deadline deadline);
  /// Waits until there is room for the next number, which is nobody's. The same otherwise.
  bool await_room(Deadline deadline);

  /// The consumer that was in the way in the newest look, and since when it has been there without progress.
  struct Stall {
    std::uint32_t consumer = kNobody;
    std::uint32_t gating = kNobody;  ///< the same; or the group that the member belongs to
    std::uint64_t state = 0;         ///< of that one
    std::uint64_t released = 0;
    Deadline since{};
    std::int64_t since_ns = 0;  ///< the same by CLOCK_BOOTTIME, for tools
  };
  const Stall& stall() const noexcept { return stall_; }
  /// Rung when there may be room: G5, of who sleeps on several (wait_set_core.hpp). Null in an arena that overwrites.
  Doorbell* doorbell() const noexcept { return is_lossless() ? &consumers_.room() : nullptr; }

 private:
  enum class Look : std::uint8_t { quick, thorough };

  std::uint64_t head() const noexcept;
  /// The lowest number that must not be overwritten, and whom it is kept for.
  struct Lowest {
    std::uint64_t number;
    std::uint32_t consumer = kNobody;
    std::uint32_t gating = kNobody;
    std::uint64_t state = 0;
  };
  struct GroupSeen {
    std::uint32_t index;
    std::uint64_t moves;
  };

  bool look(std::uint64_t number, Look manner) noexcept;
  Lowest scan(std::uint64_t seen_head) noexcept;
  void look_at_members(Lowest& lowest) const noexcept;
  bool is_dead(std::uint32_t consumer) const noexcept;
  bool is_own(std::uint32_t consumer) const noexcept;
  void note(const Lowest& lowest) noexcept;
  bool spin(std::uint64_t number) noexcept;
  bool lose_patience() noexcept;
  bool look_for_the_last_time(std::uint64_t number) noexcept;
  void refuse_deadlock() const;
  std::uint64_t others() const noexcept;

  const Segment& segment_;
  ConsumerTable consumers_;
  std::uint64_t end_;
  std::atomic<std::uint64_t>* head_;
  std::uint64_t slots_;
  std::uint64_t limit_;
  std::uint32_t lane_;
  bool exclusive_;
  Seat& mine_;
  std::chrono::nanoseconds patience_;
  Stall stall_;
  std::vector<GroupSeen> groups_;  // of the newest scan; has room for all
  Sleeper sleeper_;
};

}  // namespace arena_shm::core
