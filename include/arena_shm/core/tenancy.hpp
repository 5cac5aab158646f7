// One session of one seat, be it a writer's or a consumer's: the lease that proves its holder's life, and what the
// segment shows of the holder. The steps E1 to E6 are those of seat.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "arena_shm/core/lease.hpp"
#include "arena_shm/core/segment.hpp"

namespace arena_shm::core {

/// Begins with try_take and begin; ends when it is destroyed. Thread safety: none needed; one owner.
class Tenancy {
 public:
  /// Errors: Code::forked.
  explicit Tenancy(std::shared_ptr<const Segment> segment);
  Tenancy(const Tenancy&) = delete;
  Tenancy& operator=(const Tenancy&) = delete;
  ~Tenancy();  // E6

  enum class Attempt : std::uint8_t {
    taken,
    held,        ///< by somebody else, or it has no session left
    obstructed,  ///< a process that should not has read-locked it
  };
  /// E1 to E3. Requires: no seat is taken yet; index is one of the segment's seats. Errors: Code::system.
  Attempt try_take(std::uint32_t index);
  /// Gives a seat back whose session has not begun.
  void give_back() noexcept;
  /// The last part of E4, and E5. `holder` is shown by tools; cut at 32 bytes. Requires: a seat is taken.
  void begin(std::string_view holder) noexcept;

  const std::shared_ptr<const Segment>& segment() const noexcept { return segment_; }
  /// False in a forked child, which must not touch the segment.
  bool is_own() const noexcept { return lease_.is_own(); }
  std::uint32_t index() const noexcept { return index_; }
  /// The number of this session.
  std::uint64_t session() const noexcept { return session_; }
  Seat& seat() const noexcept { return segment_->ring().seats[index_]; }
  /// False: this process was refused by membarrier. Those who sleep do not reach it, and it needs a full fence before
  /// it looks whether somebody does.
  bool membarrier_registered() const noexcept { return membarrier_registered_; }

 private:
  void identify(std::string_view holder) const noexcept;

  std::shared_ptr<const Segment> segment_;
  bool membarrier_registered_ = false;
  bool has_begun_ = false;
  std::uint32_t index_ = 0;
  std::uint64_t session_ = 0;
  Lease lease_;  // after segment_: given back before the mappings go
};

}  // namespace arena_shm::core
