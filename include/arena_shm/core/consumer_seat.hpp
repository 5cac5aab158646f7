// A consumer's seat that is held: found by name. A name is one living consumer's at a time; a durable one that is away
// gets its seat back, with its position.
//
//   C1  locks the door of the name           so that two who come with one name do not both find it free
//   C2  somebody alive has it                refused
//       somebody had it, durable, or evicted, and is dead: that seat, by E1 to E3 (seat.hpp)
//       else one that is free, or whose consumer died; or, if there is none, whose consumer was evicted and died
//   C3  E5                                   from here on the name is held
//   C4  lets go of the door
//
// Between E3 and E5 the seat may turn out to be kept for somebody else, who came and went in between: it is left.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "arena_shm/core/consumer_table.hpp"
#include "arena_shm/core/tenancy.hpp"

namespace arena_shm::core {

/// Takes a consumer's seat, and gives it back when destroyed; what writers wait for is for its owner to say.
/// Thread safety: none needed; one owner.
class ConsumerSeat {
 public:
  /// Errors: Code::invalid_argument, if the arena is not lossless, or for the name; already_exists, table_full,
  /// obstructed, system; unsupported, as SeatHold.
  ConsumerSeat(std::shared_ptr<const Segment> segment, std::string_view name);

  const std::shared_ptr<const Segment>& segment() const noexcept { return tenancy_->segment(); }
  bool is_own() const noexcept { return tenancy_->is_own(); }
  bool membarrier_registered() const noexcept { return tenancy_->membarrier_registered(); }
  std::uint32_t index() const noexcept { return index_; }  ///< among the consumers
  const std::string& name() const noexcept { return name_; }
  /// Had somebody with this name been in it, whom writers still waited for, or who was evicted?
  bool has_come_back() const noexcept { return has_come_back_; }

 private:
  struct Found {
    std::optional<std::uint32_t> own;  ///< the seat that has this name
    bool obstructed = false;
  };
  Lease lock_name() const;
  std::optional<std::uint32_t> find_own() const;
  bool try_take(std::uint32_t i, Standing unless, bool& obstructed);
  bool take_any(bool& obstructed);
  [[noreturn]] void refuse(bool obstructed) const;
  std::uint32_t seat_of(std::uint32_t i) const noexcept;

  std::string name_;
  std::unique_ptr<Tenancy> tenancy_;
  std::uint32_t index_ = 0;
  bool has_come_back_ = false;
};

}  // namespace arena_shm::core
