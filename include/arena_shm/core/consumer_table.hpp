// The consumers of a lossless arena: what their region says, as typed words.
//
// Each has a seat (layout.hpp) and a line of its own, one of three kinds:
//
//   alone    a consumer that gets every value; the seat's lease proves its life
//   member   of a group, whose members share the values among them; the same of its lease
//   group    its seat has its name, and no lease that means anything
//
//   state      what it is; an epoch, which is one more each time that somebody joins alone, becomes a member, or founds
//              a group there; of a group, how many joins there have been in this epoch
//   released   alone: of each lane, all below that number is done with; only grows as long as the epoch lasts
//   next       group: of each lane, the number that is taken next; the same place
//   moves      group: how often a value went from one member's word to another's; never goes back
//   membership member: its group's line, and that one's epoch
//   words      member: what it holds (held.hpp); the second one is for a value that is pending for long
//
//   free    --join-->   joined   alone: gates the writers as long as it lives. Group: as long as a member does
//           --join-->   kept     durable: gates them, alive or dead, until it is evicted or removed
//   joined | kept  --evict-->    evicted, by compare-and-swap, of that very epoch. A member gates nobody for itself,
//   and
//                                is so told to let others have what it holds
//   joined  --dead, or leaves--> free, by compare-and-swap, of that very epoch; a group: of that count of joins
//   evicted --join-->   joined or kept
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "arena_shm/core/held.hpp"
#include "arena_shm/core/layout.hpp"

namespace arena_shm::core {

enum class Standing : std::uint8_t { free = 0, joined = 1, kept = 2, evicted = 3 };
enum class Kind : std::uint8_t { alone = 0, group = 1, member = 2 };

inline constexpr unsigned kEpochShift = 24;  // below it: 2 bits of standing, 2 of kind, 20 of joins
inline constexpr std::uint64_t kOneJoin = 1 << 4;
inline constexpr std::uint64_t kJoins = (std::uint64_t{1} << kEpochShift) - kOneJoin;

constexpr Standing standing(std::uint64_t state) noexcept { return static_cast<Standing>(state & 3); }
constexpr Kind kind(std::uint64_t state) noexcept { return static_cast<Kind>(state >> 2 & 3); }
constexpr std::uint64_t epoch(std::uint64_t state) noexcept { return state >> kEpochShift; }
/// The same epoch, and count of joins.
constexpr std::uint64_t turned_into(std::uint64_t state, Standing standing) noexcept {
  return (state & ~std::uint64_t{3}) | static_cast<std::uint64_t>(standing);
}
constexpr std::uint64_t next_epoch(std::uint64_t state, Kind kind, Standing standing) noexcept {
  return (epoch(state) + 1) << kEpochShift | static_cast<std::uint64_t>(kind) << 2 |
         static_cast<std::uint64_t>(standing);
}
/// Of a group: one more member. The count goes round.
constexpr std::uint64_t one_more_join(std::uint64_t state) noexcept {
  return (state & ~kJoins) | ((state + kOneJoin) & kJoins);
}
/// Is it the same group, founded once?
constexpr bool is_same_epoch(std::uint64_t a, std::uint64_t b) noexcept { return epoch(a) == epoch(b); }
/// Do writers wait for it? If it is `joined`, as long as it lives.
constexpr bool gates(std::uint64_t state) noexcept {
  return kind(state) != Kind::member && (standing(state) == Standing::joined || standing(state) == Standing::kept);
}

/// What a member's line says of its group: that one's line, and its epoch.
constexpr std::uint64_t membership(std::uint32_t group, std::uint64_t state) noexcept {
  return epoch(state) << 8 | group;
}
static_assert(kMaxConsumers <= 1 << 8);
constexpr std::uint32_t group_of(std::uint64_t membership) noexcept {
  return static_cast<std::uint32_t>(membership & 0xff);
}
constexpr bool is_member_of(std::uint64_t membership_word, std::uint32_t group, std::uint64_t state) noexcept {
  return membership_word == membership(group, state);
}

/// Of other arenas, one of no consumers. Thread safety: all of it is atomic.
class ConsumerTable {
 public:
  ConsumerTable() = default;
  /// `region` is that of a validated header.
  ConsumerTable(std::byte* region, std::uint32_t count, std::uint32_t lanes) noexcept
      : region_(region), count_(count), stride_(consumer_bytes(lanes)) {}

  std::uint32_t count() const noexcept { return count_; }
  /// Rung by who makes room; looked at by writers before they sleep. Requires: count() > 0.
  Doorbell& room() const noexcept { return reinterpret_cast<ConsumersHead*>(region_)->room; }

  // Requires: i < count(); lane < the arena's lanes; which < kWordsPerMember.

  std::atomic<std::uint64_t>& state(std::uint32_t i) const noexcept { return line(i)->state; }
  std::atomic<std::uint64_t>& released(std::uint32_t i, std::uint32_t lane) const noexcept {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(line(i) + 1)[lane];
  }
  std::atomic<std::uint64_t>& next(std::uint32_t i, std::uint32_t lane) const noexcept { return released(i, lane); }
  std::atomic<std::uint64_t>& moves(std::uint32_t i) const noexcept { return line(i)->group; }
  std::atomic<std::uint64_t>& membership(std::uint32_t i) const noexcept { return line(i)->group; }
  std::atomic<std::uint64_t>& word(std::uint32_t i, std::uint32_t which) const noexcept {
    return line(i)->words[which];
  }
  /// Of what a member had there, or a group, nothing is left. Requires: the place is the caller's.
  void clear_group(std::uint32_t i) const noexcept {
    for (std::atomic<std::uint64_t>& word : line(i)->words) word.store(kHoldsNothing, std::memory_order_relaxed);
    line(i)->group.store(0, std::memory_order_relaxed);
  }

 private:
  Consumer* line(std::uint32_t i) const noexcept {
    return reinterpret_cast<Consumer*>(region_ + sizeof(ConsumersHead) + i * stride_);
  }

  std::byte* region_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint64_t stride_ = 0;
};

/// Is this the line of a member of that group, in the epoch that its state tells? Requires: i < consumers.count().
inline bool is_member(const ConsumerTable& consumers, std::uint32_t i, std::uint32_t group,
                      std::uint64_t state) noexcept {
  const std::uint64_t own = consumers.state(i).load(std::memory_order_acquire);  // N2 -> here
  return kind(own) == Kind::member && standing(own) != Standing::free &&
         is_member_of(consumers.membership(i).load(std::memory_order_acquire), group, state);
}

/// Do the words of a member say that it holds something? Requires: i < consumers.count().
inline bool holds_something(const ConsumerTable& consumers, std::uint32_t i) noexcept {
  for (std::uint32_t which = 0; which < kWordsPerMember; ++which) {
    if (is_held(consumers.word(i, which).load(std::memory_order_acquire))) return true;  // T3, K4 -> here
  }
  return false;
}

/// Of a member: is its group one that writers wait for? Requires: i < consumers.count().
inline bool is_waited_for(const ConsumerTable& consumers, std::uint32_t i) noexcept {
  const std::uint64_t its_group = consumers.membership(i).load(std::memory_order_acquire);  // N1 -> here
  const std::uint32_t group = group_of(its_group);
  if (group >= consumers.count()) return false;
  const std::uint64_t state = consumers.state(group).load(std::memory_order_acquire);  // J1, E1, D2 -> here
  return kind(state) == Kind::group && gates(state) && is_member_of(its_group, group, state);
}

}  // namespace arena_shm::core
