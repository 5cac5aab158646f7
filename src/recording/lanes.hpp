// Places in an arena, lane by lane; an arena without lanes is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "arena_shm/options.hpp"

namespace arena_shm::recording {

/// Of each lane its first sequence number that is not below `seq`.
Position first_from(std::uint64_t seq, std::size_t lanes);

/// Of each lane the oldest value that a ring of so many slots a lane can hold, or the newest one's successor, or
/// first_from, as `from` has it. `heads`: of each lane the next sequence number to be handed out.
Position place_of(From from, const Position& heads, std::uint64_t slots_per_lane);

/// Lane by lane the lower one. Requires: as many lanes in both, as in those that follow.
Position lower_of(const Position& a, const Position& b);

/// How many values are from `first` on and before `end`, in all lanes together.
std::uint64_t count_between(const Position& first, const Position& end);

/// How far somebody who follows has come, and whether that is all that was wanted.
/// Thread safety: none.
class LaneProgress {
 public:
  /// The end of an arena that is followed for ever.
  static constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();

  explicit LaneProgress(const Position& first);

  /// Ends there, lane by lane, or where it was to end before, if that is sooner.
  void end_at(const Position& end);

  /// A value has come. Returns: is it wanted? What comes late, after it was given up, is not.
  bool take(std::uint64_t seq);
  /// Values are lost. Returns: those of them that are wanted; nothing, if none is.
  std::optional<Gap> lose(Gap gap);
  /// Of each lane that is not at its end, all up to there, as what is passed over if it is given up.
  /// Requires: every lane has an end.
  std::vector<Gap> unfinished() const;
  /// Has a value of the lane of this one been taken?
  bool has_begun(std::uint64_t seq) const noexcept { return lanes_[lane_of(seq)].has_begun; }

  /// Has every lane come to its end?
  bool is_finished() const noexcept { return unfinished_ == 0; }
  /// Of each lane the next one that is wanted.
  Position next() const;
  Position end() const;

 private:
  struct Lane {
    std::uint64_t next;
    std::uint64_t end = kNoEnd;
    bool has_begun = false;
    bool is_finished() const noexcept { return next >= end; }
  };

  std::size_t lane_of(std::uint64_t seq) const noexcept { return lanes_.size() == 1 ? 0 : seq % lanes_.size(); }
  void go_on(Lane& lane, std::uint64_t next);

  std::vector<Lane> lanes_;
  std::size_t unfinished_;
};

}  // namespace arena_shm::recording
