// What must hold after, or while, others are dead or stopped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/scenarios.hpp"

namespace arena_shm::test {

/// Three laps by a lock-free writer that may not wait. Returns what is wrong, or nothing.
std::string writers_go_on(const std::string& name, std::uint64_t laps = 3);

/// Arena::alloc in a process of its own comes back. Returns what is wrong, or nothing.
std::string guarded_callers_go_on(const std::string& name);

/// Every value that was handed out is delivered whole or counted. `anyone_stopped`: some may be passed over.
std::string all_is_accounted_for(Reader<CrashValue>& reader, const Arena<CrashValue>& arena, bool anyone_stopped);

/// What had become of the seqs of the last lap at one moment. What is settled stays so: a value that could be read is
/// the same until it is overwritten, and a hole is never published.
class LastLap {
 public:
  explicit LastLap(const Arena<CrashValue>& arena);
  /// Returns what is wrong by now, or nothing.
  std::string still_holds() const;

 private:
  const Arena<CrashValue>& arena_;
  std::uint64_t first_ = 0;
  std::vector<ReadResult<CrashValue>> found_;
};

/// As many seats can be taken as are not held by the living.
std::string seats_are_reusable(const std::string& name, std::uint32_t living);

/// Lossless: the names of the dead are free, and writers wait for none of them.
std::string consumers_are_reusable(const std::string& name);

/// Nothing of an interrupted create is left but, perhaps, a whole segment.
std::string nothing_half_made(const std::string& name);

}  // namespace arena_shm::test
