// What a consumer of a shared ring has gone on without: numbers whose writers live, and have not published them. Each
// becomes a value, which is delivered late, or a hole, when its writer is dead. Until then nothing from the lowest of
// them on is done with, so that none of them is overwritten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "arena_shm/core/segment.hpp"
#include "arena_shm/core/settle.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time.
class LateValues {
 public:
  /// Requires: an arena without lanes. It outlives this.
  explicit LateValues(const Segment& segment) noexcept : segment_(segment) {}

  bool empty() const noexcept { return numbers_.empty(); }
  std::size_t size() const noexcept { return numbers_.size(); }
  /// Requires: not empty().
  std::uint64_t lowest() const noexcept { return numbers_.front(); }
  /// Requires: more than all before.
  void add(std::uint64_t number) { numbers_.push_back(number); }
  void clear() noexcept { numbers_.clear(); }

  /// What has become of one of them.
  struct Outcome {
    std::uint64_t number;
    Verdict verdict;  ///< never pending
  };
  /// Looks at the slot of one of them, the next one at each call; nothing: it is not published. Cost: a load.
  std::optional<Outcome> look_at_next() noexcept;
  /// Looks at all of them, and at the seats. Nothing: all of them are still to come. Cost: a settlement for each.
  std::optional<Outcome> settle_any() const;
  /// It is delivered, or counted.
  void remove(std::uint64_t number) noexcept;

 private:
  const Segment& segment_;
  std::vector<std::uint64_t> numbers_;  // in order
  std::size_t next_ = 0;
};

}  // namespace arena_shm::core
