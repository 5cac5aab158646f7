// The consumers of a lossless arena, decoded: who they are, how far they have come, and whom writers wait for. Groups,
// and their members, are among them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/core/consumer_table.hpp"
#include "arena_shm/core/layout.hpp"
#include "inspect/heads.hpp"
#include "inspect/image.hpp"
#include "inspect/seats.hpp"

namespace arena_shm::inspect {

/// What one of a member's words says.
struct HeldFacts {
  std::uint64_t word = core::kHoldsNothing;
  std::uint32_t lane = 0;
  std::uint64_t number = 0;  ///< the first one, in its lane
  std::uint64_t seq = 0;     ///< the same outside of it
  std::uint64_t count = 0;   ///< 0: it holds nothing
};

struct ConsumerFacts {
  std::uint32_t index = 0;  ///< among the consumers
  std::uint64_t state = 0;  ///< the word
  core::Standing standing = core::Standing::free;
  core::Kind kind = core::Kind::alone;  ///< may be none that there is
  SeatFacts seat{};                     ///< who has the name, or had it last; of a group, who has founded it
  Holder holder = Holder::never;        ///< that of the seat; of a group, of its members that of the liveliest
  std::uint64_t link = 0;               ///< the word: `moves` of a group, `membership` of a member
  std::array<HeldFacts, core::kWordsPerMember> words{};  ///< of others, what stands there
  std::vector<std::uint64_t> released{};                 ///< the words, of each lane; of a group, `next`
  std::optional<std::uint32_t> group{};                  ///< of a member whose group is there: its place
  std::size_t members = 0;                               ///< of a group: that are alive, or may be
  std::uint64_t holds = 0;                               ///< values that a member holds; of a group, all of them
  bool group_gates = false;                              ///< of a member: writers wait for its group
  std::uint64_t position = 0;  ///< all seqs below it are done with; in lanes, the lowest of them. Of a group, taken; of
                               ///< a member, the first one that it holds, or where its group stands
  std::uint64_t lag = 0;       ///< values that were handed out and are not done with; of a group, not taken
  std::optional<std::int64_t> lag_ns{};  ///< the age of the oldest one of these that can be read
  std::uint64_t behind = 0;              ///< of the lane where that is most: numbers from there to the head
  bool in_the_way = false;               ///< writers wait for it, and some lane is full because of it
  std::size_t waiting_count = 0;         ///< so many writers say that they wait for it,
  std::int64_t waited_ns = 0;            ///< one of them for so long

  bool is_group() const noexcept { return kind == core::Kind::group; }
  bool is_member() const noexcept { return kind == core::Kind::member; }
  /// Of a group, the group is; its members are not, for themselves.
  bool is_durable() const noexcept { return standing == core::Standing::kept; }
  bool is_evicted() const noexcept { return standing == core::Standing::evicted; }
  /// Nobody has its name at the moment. Of a group: no member may be alive.
  bool is_away() const noexcept { return holder == Holder::left || is_dead(holder); }
  /// Its process lives, and is stopped. Of a group: never.
  bool is_stopped() const noexcept {
    return !is_group() && holder == Holder::alive && seat.process.state == ProcessState::stopped;
  }
  /// Do writers wait for it? Those who died hold up nobody, but for the durable. For a member: for what it holds.
  bool gates() const noexcept {
    return is_member() ? group_gates && holds > 0 : core::gates(state) && (is_durable() || !is_away());
  }
  /// Has it a place that nobody else gets as yet?
  bool is_there() const noexcept { return is_member() ? group && (!is_away() || holds > 0) : gates() || is_evicted(); }
  /// What to call it where it is to be told from others: its name; of a member, with its place, as --evict takes it.
  std::string full_name() const;
};

struct Consumers {
  std::vector<ConsumerFacts> all;  ///< as many as could be read, also those that are free

  /// For whom writers wait: the one that they have been waiting for longest; of those that nobody waits for as yet, the
  /// one that is in the way most, the first of equals. Null: there is room.
  const ConsumerFacts* blocker() const noexcept;
  /// Those that there is something to tell of; the members of a group behind it. A member that died and holds nothing
  /// is none of them: its place is anybody's.
  std::vector<const ConsumerFacts*> in_order() const;
};

/// `writers` are the seats of the same image, `heads` were read after them. None in an arena that overwrites.
/// Requires: a usable header of this image. Errors, Cost: as read_seats, of so many seats.
Consumers read_consumers(const Image& image, const core::Header& header, const Heads& heads, const Seats& writers);

/// How far they lag in time, where values have times. Looks at a bounded number of slots. Requires: as read_consumers.
void read_lag_times(const Image& image, const core::Header& header, const Heads& heads, Consumers& consumers);

}  // namespace arena_shm::inspect
