// What one call may do before it comes back: a bound on its time that needs no clock.
#pragma once

#include <algorithm>
#include <cstdint>

namespace arena_shm::core {

/// Counted in looks at a slot of the usual size, some nanoseconds each. An action that is begun is finished: a call
/// overshoots by one at most, the longest being a scan of all seats.
/// Thread safety: none; one call's.
class Effort {
 public:
  static constexpr std::uint64_t kSeat = 2;     // a claim and its hi
  static constexpr std::uint64_t kLease = 256;  // three system calls
  static constexpr std::uint64_t kSpin = 1024;  // some microseconds

  explicit constexpr Effort(std::uint64_t allowance) noexcept : left_(allowance) {}

  constexpr void spend(std::uint64_t units) noexcept { left_ -= std::min(left_, units); }
  /// False, and nothing spent: there is nothing left.
  constexpr bool try_spend(std::uint64_t units) noexcept {
    if (left_ == 0) return false;
    spend(units);
    return true;
  }
  constexpr bool is_spent() const noexcept { return left_ == 0; }
  constexpr std::uint64_t left() const noexcept { return left_; }

  /// Of one look among many at slots so far apart: large ones are a page each.
  static constexpr std::uint64_t of_slot(std::uint64_t stride_bytes) noexcept {
    return 1 + std::min<std::uint64_t>(stride_bytes, 4096) / 128;
  }

 private:
  std::uint64_t left_;
};

}  // namespace arena_shm::core
