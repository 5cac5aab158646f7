// The seat table, decoded: what each writing handle is inside of, and whether its holder lives.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/stamp.hpp"
#include "inspect/image.hpp"
#include "inspect/processes.hpp"

namespace arena_shm::inspect {

enum class Holder : std::uint8_t {
  never,    ///< nobody has had this seat
  left,     ///< its last holder gave it back
  dead,     ///< its last holder died in it
  dying,    ///< the same, but the kernel has not taken its memory apart yet
  dumping,  ///< the same, and the kernel writes its core
  gone,     ///< the same, but its memory is shared by a process that has not called exec
  alive,    ///< held
  unknown,  ///< the lease could not be tested, or the segment is a saved one
};
std::string_view to_string(Holder holder) noexcept;

/// Is it proved that this holder will never write again?
constexpr bool is_dead(Holder holder) noexcept {
  return holder == Holder::dead || holder == Holder::dying || holder == Holder::dumping;
}

/// May this holder do something yet?
constexpr bool may_go_on(Holder holder) noexcept {
  return holder != Holder::never && holder != Holder::left && !is_dead(holder);
}

struct ClaimFacts {
  core::ClaimKind kind = core::ClaimKind::idle;
  std::uint64_t seq = 0;
  std::uint64_t hi = 0;
  std::uint64_t word() const noexcept { return seq << 2 | static_cast<std::uint64_t>(kind); }
  bool is_inside() const noexcept { return kind == core::ClaimKind::claiming || kind == core::ClaimKind::writing; }
};

/// What a writer that waits for room says of it.
struct WaitFacts {
  std::uint32_t consumer = 0;  ///< that is in its way; below the number of consumers
  std::string name;            ///< of that one; may hold anything
  bool is_member = false;      ///< of a group, whose name that is
  std::uint32_t pid = 0;       ///< of that one
  std::int64_t waits_ns = 0;   ///< for so long
};

struct SeatFacts {
  std::uint32_t index = 0;  ///< also that of its lane
  Holder holder = Holder::never;
  std::array<ClaimFacts, core::kClaimsPerSeat> claims{};
  std::uint64_t session = 0;  ///< how often it was taken
  std::uint64_t ended = 0;    ///< the newest session known to be over
  std::uint64_t values = 0;   ///< published, over all holders
  std::uint64_t skipped = 0;  ///< sequence numbers given up, over all holders
  std::uint64_t reservations = 0;
  std::uint64_t waits_for = 0;       ///< as the words stand: a consumer + 1, or 0
  std::int64_t waits_since_ns = 0;   ///< CLOCK_BOOTTIME
  std::optional<WaitFacts> waits{};  ///< of a writer that may go on, in a live lossless arena
  bool unused_is_zero = true;        ///< the bytes that mean nothing
  bool is_zero = true;               ///< all bytes
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;
  std::int64_t taken_ns = 0;     ///< CLOCK_REALTIME
  std::string name;              ///< what the holder calls itself; may hold anything
  bool other_namespace = false;  ///< pid and tid are those of another pid namespace
  Process process;               ///< of the pid, if it is still the process that took the seat

  /// The claim to show: one that says that somebody is inside, if there is one.
  const ClaimFacts& claim() const noexcept {
    return claims[1].is_inside() && !claims[0].is_inside() ? claims[1] : claims[0];
  }
  /// How many numbers its lane has handed out. Requires: an exclusive or a laned arena.
  std::uint64_t lane_head() const noexcept { return claims[0].hi; }
  /// What a session that is over has left in its claims is nobody's.
  bool is_inside() const noexcept { return holder != Holder::left && (claims[0].is_inside() || claims[1].is_inside()); }
};

struct Seats {
  std::vector<SeatFacts> all;  ///< as many as could be read
  std::uint64_t values = 0;    ///< sums over all seats
  std::uint64_t skipped = 0;
  std::size_t count(Holder holder) const noexcept;
  std::size_t count_dead() const noexcept;  ///< is_dead
  /// By one who may write again: alive, or gone with its memory shared.
  std::size_t count_held() const noexcept { return count(Holder::alive) + count(Holder::gone); }
};

/// Requires: a usable header of this image.
/// Errors: Code::system, if there is no descriptor left.
/// Cost: a few system calls for each seat.
Seats read_seats(const Image& image, const core::Header& header);

/// Those of the consumers, which stand behind the writers'; their indexes go on from those. Requires, Errors, Cost: as
/// read_seats.
Seats read_consumer_seats(const Image& image, const core::Header& header);

/// The seat of one lane; of arenas without lanes, all. Requires: lane < core::lane_count(header). Errors: as
/// read_seats.
Seats read_seats_of_lane(const Image& image, const core::Header& header, std::uint32_t lane);

/// Sums over all seats, as far as the file goes.
struct Counters {
  std::uint64_t values = 0;
  std::uint64_t skipped = 0;
  friend bool operator==(const Counters&, const Counters&) = default;
};

/// The counters alone, for rates: no leases, no processes. Requires: as read_seats.
/// Cost: one system call.
Counters read_counters(const Image& image, const core::Header& header);
/// Requires, Cost: as read_counters.
std::uint64_t read_value_count(const Image& image, const core::Header& header);

/// Values a second between two counts; 0 if the count has gone back, as it can in a damaged segment.
double rate(std::uint64_t before, std::uint64_t after, std::chrono::duration<double> elapsed) noexcept;

/// Has each seat, or the only one, a head that its holder alone stores?
constexpr bool has_lanes(const core::Header& header) noexcept {
  return (header.flags & (core::kFlagExclusive | core::kFlagLaned)) != 0;
}

/// The number of the claim to show, as it is outside of the seat's lane.
std::uint64_t claim_seq(const SeatFacts& seat, const core::Header& header) noexcept;

/// "idle", "claiming 12", "writing 12", "writing 12..15"; in an exclusive arena, or a lane, where its holder began:
/// "since 7". Requires: the header of the whole.
std::string describe_claim(const SeatFacts& seat, const core::Header& header);

}  // namespace arena_shm::inspect
