// What a consumer of a shared ring has gone on without: numbers whose writers live, and have not published them. Each
// becomes a value, which is delivered late, or a hole, when its writer is dead. Until then nothing from the lowest of
// them on is done with, so that none of them is overwritten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>

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
  std::uint64_t lowest() const noexcept { return *numbers_.begin(); }
  /// Requires: more than all before.
  void add(std::uint64_t number) { numbers_.insert(numbers_.end(), number); }

  /// What has become of one of them.
  struct Outcome {
    std::uint64_t number;
    Verdict verdict;  ///< never pending
  };
  /// Looks at the slot of one of them, the next one at each call, and at all of them where that shows something: the
  /// lowest that does. Nothing: that one is not published. Cost: a load, mostly.
  std::optional<Outcome> look_at_next() noexcept;
  /// Looks at all of them from that number on, and at the seats; the lowest that has an outcome. Nothing: all of them
  /// are still to come. Cost: a load for each, and a settlement for each run that the same writers hold.
  std::optional<Outcome> settle_any(std::uint64_t from = 0) const;
  /// It is delivered, or counted.
  void remove(std::uint64_t number) noexcept { numbers_.erase(number); }

 private:
  std::optional<Outcome> look_at(std::uint64_t number) const noexcept;

  const Segment& segment_;
  std::set<std::uint64_t> numbers_;
  std::uint64_t next_ = 0;   // where look_at_next goes on
  bool shows_them_ = false;  // the look before showed something: those below have been looked at
};

}  // namespace arena_shm::core
