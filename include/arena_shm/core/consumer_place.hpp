// A place among the consumers, that is, a line (consumer_table.hpp) and its seat: how one is had, and under what name.
// What is alike for those who come alone, for members, and for who founds a group.
//
// Whoever wants a name locks the door of the name first, so that two who come with one name do not both find it free.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "arena_shm/core/consumer_table.hpp"
#include "arena_shm/core/lease.hpp"
#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/tenancy.hpp"

namespace arena_shm::core {

/// Ends its seat's session when destroyed; what stands in the line is for others to say. Not movable.
/// Thread safety: none needed; one owner.
class ConsumerPlace {
 public:
  /// Has none as yet. Errors: Code::invalid_argument, if the arena is not lossless, or for the name; unsupported;
  /// forked.
  ConsumerPlace(std::shared_ptr<const Segment> segment, std::string_view name);

  /// Locks the door of the name. Errors: Code::obstructed, system.
  Lease lock_name() const;

  /// E1 to E3 (seat.hpp) of a place that nobody alive has, and whose state is this. False: it is not so any more.
  /// Requires: nothing is taken, as of all that follow.
  bool try_take(std::uint32_t i, std::uint64_t state);
  /// The same of any that nobody has anything in: a free one first, then those of the dead, then of the evicted.
  bool try_take_any();
  /// E5. Requires: one is taken.
  void begin() noexcept { tenancy_.begin(name_); }
  /// Why there was none to be had: a process that is in the way, rather than that all are taken?
  bool was_obstructed() const noexcept { return was_obstructed_; }
  /// Waits for a moment, if that may help: what was looked for was lost to somebody, or somebody is in the way. False:
  /// it does not, or has not for long enough.
  bool may_try_again(bool was_lost);
  /// Errors: Code::obstructed, or table_full, always.
  [[noreturn]] void refuse() const;

  const Segment& segment() const noexcept { return *tenancy_.segment(); }
  const Tenancy& tenancy() const noexcept { return tenancy_; }
  ConsumerTable consumers() const noexcept { return segment().consumers(); }
  std::uint32_t index() const noexcept { return index_; }
  const std::string& name() const noexcept { return name_; }
  /// The seat of a place.
  const Seat& seat(std::uint32_t i) const noexcept { return segment().ring().seats[segment().ring().seat_count + i]; }
  enum class Named : std::uint8_t { no, living, away };
  /// Has somebody with this name had it, or does somebody have it?
  Named is_named(std::uint32_t i) const;

 private:
  bool is_over(std::uint32_t i, std::uint64_t session) const noexcept;
  bool can_be_had(std::uint32_t i, std::uint64_t state, Standing wanted) const noexcept;

  Tenancy tenancy_;
  std::string name_;
  std::uint32_t index_ = 0;
  bool was_obstructed_ = false;
  int looks_ = 0;
};

}  // namespace arena_shm::core
