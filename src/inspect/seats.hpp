// The seat table, decoded: what each writing handle is inside of, and whether its holder lives.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
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
  alive,    ///< held
  unknown,  ///< the lease could not be tested, or the segment is a saved one
};
std::string_view to_string(Holder holder) noexcept;

struct SeatFacts {
  std::uint32_t index = 0;
  Holder holder = Holder::never;
  core::ClaimKind claim = core::ClaimKind::idle;
  std::uint64_t claim_seq = 0;
  std::uint64_t hi = 0;
  std::uint64_t values = 0;   ///< published, over all holders
  std::uint64_t skipped = 0;  ///< sequence numbers given up, over all holders
  std::uint32_t reservations = 0;
  bool unused_is_zero = true;  ///< the bytes that mean nothing
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;
  std::int64_t taken_ns = 0;     ///< CLOCK_REALTIME
  std::string name;              ///< what the holder calls itself; may hold anything
  bool other_namespace = false;  ///< pid and tid are those of another pid namespace
  Process process;               ///< of the pid, if it is still the process that took the seat
};

struct Seats {
  std::vector<SeatFacts> all;  ///< as many as could be read
  std::uint64_t values = 0;    ///< sums over all seats
  std::uint64_t skipped = 0;
  std::size_t count(Holder holder) const noexcept;
};

/// Requires: a usable header of this image.
/// Errors: Code::system, if there is no descriptor left.
/// Cost: a few system calls for each seat.
Seats read_seats(const Image& image, const core::Header& header);

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

/// "idle", "claiming 12", "writing 12", "writing 12..15"; in an exclusive arena where its holder began: "since 7".
std::string describe_claim(const SeatFacts& seat, bool exclusive);

}  // namespace arena_shm::inspect
