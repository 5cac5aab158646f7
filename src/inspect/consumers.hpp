// The consumers of a lossless arena, decoded: who they are, how far they have come, and whom writers wait for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "arena_shm/core/consumer_table.hpp"
#include "arena_shm/core/layout.hpp"
#include "inspect/heads.hpp"
#include "inspect/image.hpp"
#include "inspect/seats.hpp"

namespace arena_shm::inspect {

struct ConsumerFacts {
  std::uint32_t index = 0;  ///< among the consumers
  std::uint64_t state = 0;  ///< the word
  core::Standing standing = core::Standing::free;
  SeatFacts seat{};                       ///< who has the name, or had it last
  std::vector<std::uint64_t> released{};  ///< the words, of each lane
  std::uint64_t position = 0;             ///< all seqs below it are done with; in lanes, the lowest of them
  std::uint64_t lag = 0;                  ///< values that were handed out and are not done with
  std::optional<std::int64_t> lag_ns{};   ///< the age of the oldest one of these that can be read
  bool in_the_way = false;                ///< writers wait for it, and some lane is full because of it
  std::size_t waiting_count = 0;          ///< so many writers say that they wait for it,
  std::int64_t waited_ns = 0;             ///< one of them for so long

  std::uint64_t generation() const noexcept { return state >> 2; }
  bool is_durable() const noexcept { return standing == core::Standing::kept; }
  bool is_evicted() const noexcept { return standing == core::Standing::evicted; }
  /// Nobody has its name at the moment.
  bool is_away() const noexcept { return seat.holder == Holder::left || is_dead(seat.holder); }
  /// Do writers wait for it? Those who died hold up nobody, but for the durable.
  bool gates() const noexcept { return core::gates(state) && (is_durable() || !is_away()); }
  /// Has it a place that nobody else gets as yet?
  bool is_there() const noexcept { return gates() || is_evicted(); }
};

struct Consumers {
  std::vector<ConsumerFacts> all;  ///< as many as could be read, also those that are free

  /// For whom writers wait: the one that they have been waiting for longest; of those that nobody waits for as yet, the
  /// first that is in the way. Null: there is room.
  const ConsumerFacts* blocker() const noexcept;
};

/// `writers` are the seats of the same image, `heads` were read after them. None in an arena that overwrites.
/// Requires: a usable header of this image. Errors, Cost: as read_seats, of so many seats.
Consumers read_consumers(const Image& image, const core::Header& header, const Heads& heads, const Seats& writers);

/// How far they lag in time, where values have times. Looks at a bounded number of slots. Requires: as read_consumers.
void read_lag_times(const Image& image, const core::Header& header, const Heads& heads, Consumers& consumers);

}  // namespace arena_shm::inspect
