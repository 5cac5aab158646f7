// Gaps that were noticed and not asked for yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "arena_shm/arena_shm.h"
#include "arena_shm/options.hpp"

namespace arena_shm::c {

class Gaps {
 public:
  /// Keeps the newest `capacity`.
  explicit Gaps(std::uint32_t capacity) : capacity_(capacity) {}

  void add(const Gap& gap) {
    if (gaps_.size() == capacity_) {
      ++dropped_;
      if (gaps_.empty()) return;
      gaps_.pop_front();
    }
    gaps_.push_back({gap.first, gap.last, gap.step, static_cast<arena_shm_loss>(gap.cause)});
  }

  /// Takes the oldest. `dropped` gets how many there was no room for since it was last told; may be null.
  std::size_t take(arena_shm_gap* gaps, std::size_t capacity, std::uint64_t* dropped) noexcept {
    std::size_t count = 0;
    for (; gaps != nullptr && count < capacity && !gaps_.empty(); ++count) {
      gaps[count] = gaps_.front();
      gaps_.pop_front();
    }
    if (dropped != nullptr) *dropped = std::exchange(dropped_, 0);
    return count;
  }

 private:
  std::size_t capacity_;
  std::deque<arena_shm_gap> gaps_;
  std::uint64_t dropped_ = 0;
};

}  // namespace arena_shm::c
