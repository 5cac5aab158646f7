// The place of a member of a group, and the group itself: found by its name, or founded.
//
//   C1  locks the door of the name
//   C2  the group is there, or not; somebody alone has the name: refused
//   C3  takes a place: of a dead member of this group, whose values it goes on with; else any that nobody has. E5
//   N1  its words: nothing, unless they are those of a dead member of this group   membership := the group
//       state := member, joined
//   N2  compare-and-swap of the group's state: one join more, of that epoch. Failed: somebody has freed or evicted it
//       no group: founds one. It takes a place for it, as C3, with J0 to J5 of gate.hpp, `next` being what `released`
//       is there, and the epoch one more; ends that seat's session, so that no lease stands for the group; then N1
//       an evicted one: revives it, by compare-and-swap of its state, with J2 and J5. It goes on from where it was, in
//       the same epoch: a member of before may be about to take a value. All others are evicted, before, so that what
//       they hold is not in the way for long
//   C4  lets go of the door
//
// Who frees a group has found all members dead before (D1), and swaps the very count of joins that it saw before that
// (D2): who has come in since is not overlooked. The words of a member count only with a group of the epoch that its
// membership says: what the dead members of a group that was freed have left is nobody's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "arena_shm/core/consumer_place.hpp"
#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// Ends its seat's session when destroyed; what stands in its line is for its owner to say.
/// Thread safety: none needed; one owner.
class MemberSeat {
 public:
  /// Takes a place, and joins the group, or founds it. Errors: as ConsumerSeat; already_exists, if somebody who is
  /// alone has the name.
  MemberSeat(std::shared_ptr<const Segment> segment, std::string_view name, const ConsumerOptions& options);

  /// Once more, as its group was evicted, or is not there any more. What it holds of that group it holds on; of another
  /// one, nothing. Errors: as the constructor.
  void rejoin();
  /// As the state of the group says, that it had joined.
  bool is_in(std::uint64_t group_state) const noexcept {
    return gates(group_state) && epoch(group_state) == epoch(group_state_);
  }

  const std::shared_ptr<const Segment>& segment() const noexcept { return place_.tenancy().segment(); }
  const ConsumerTable& consumers() const noexcept { return consumers_; }
  bool is_own() const noexcept { return place_.tenancy().is_own(); }
  bool membarrier_registered() const noexcept { return place_.tenancy().membarrier_registered(); }
  const std::string& name() const noexcept { return place_.name(); }
  std::uint32_t index() const noexcept { return place_.index(); }  ///< among the consumers
  std::uint32_t group() const noexcept { return group_; }          ///< the line of its group
  /// The group's state, as it was joined.
  std::uint64_t group_state() const noexcept { return group_state_; }
  /// Its own.
  std::uint64_t own_state() const noexcept { return own_state_; }
  /// It is evicted no longer. Requires: it was told.
  void come_back() noexcept;
  /// Values that the group began behind, though it was to begin with them.
  std::uint64_t missed_count() const noexcept { return missed_; }

 private:
  struct Found {
    std::uint32_t group;
    std::uint64_t state;
  };
  std::optional<Found> find_group() const;
  bool take_place(const std::optional<Found>& found);
  void enter(std::optional<Found> found);
  bool join(const Found& found);
  std::uint64_t begin_in(const Ring& lane, std::uint64_t& missed) const noexcept;
  Found found_group();
  void revive(Found& group) noexcept;

  ConsumerPlace place_;
  ConsumerTable consumers_;
  ConsumerOptions options_;
  bool goes_on_ = false;  // with what its words hold
  std::uint32_t group_ = 0;
  std::uint64_t group_state_ = 0;
  std::uint64_t own_state_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace arena_shm::core
