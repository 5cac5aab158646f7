// The place of a consumer that is alone: found by name. A name is one living consumer's at a time; a durable one that
// is away gets its place back, with its position.
//
//   C1  locks the door of the name
//   C2  somebody alive has it                refused
//       somebody had it, durable, or evicted, and is dead: that place, by E1 to E3 (seat.hpp)
//       else any that nobody has
//   C3  E5                                   from here on the name is held
//   C4  lets go of the door
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "arena_shm/core/consumer_place.hpp"

namespace arena_shm::core {

/// Takes a place, and ends its session when destroyed; what writers wait for is for its owner to say.
/// Thread safety: none needed; one owner.
class ConsumerSeat {
 public:
  /// Errors: Code::invalid_argument, if the arena is not lossless, or for the name; already_exists, table_full,
  /// obstructed, system; unsupported, as SeatHold.
  ConsumerSeat(std::shared_ptr<const Segment> segment, std::string_view name);

  const std::shared_ptr<const Segment>& segment() const noexcept { return place_.tenancy().segment(); }
  bool is_own() const noexcept { return place_.tenancy().is_own(); }
  bool membarrier_registered() const noexcept { return place_.tenancy().membarrier_registered(); }
  std::uint32_t index() const noexcept { return place_.index(); }  ///< among the consumers
  const std::string& name() const noexcept { return place_.name(); }
  /// Had somebody with this name been in it, whom writers still waited for, or who was evicted?
  bool has_come_back() const noexcept { return has_come_back_; }

 private:
  struct Found {
    std::uint32_t index;
    std::uint64_t state;
  };
  std::optional<Found> find_own() const;

  ConsumerPlace place_;
  bool has_come_back_ = false;
};

}  // namespace arena_shm::core
