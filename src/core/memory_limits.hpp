// How much memory the control groups of this process leave it. Who reserves pages beyond a group's limit gets no error:
// the kernel kills a process of the group. So whoever reserves looks first.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace arena_shm::core {

/// One limit of one group. What is used by groups below it counts there, too.
struct MemoryLimit {
  std::string control;  ///< the file that says it: "/sys/fs/cgroup/job/memory.max"
  std::uint64_t limit_bytes = 0;
  std::uint64_t used_bytes = 0;         ///< 0 also where it cannot be told
  std::uint64_t reclaimable_bytes = 0;  ///< of those; what the kernel takes back before it kills: cached files
  std::uint64_t swap_bytes = 0;         ///< that may be swapped out to make room

  /// What can still be had under it.
  std::uint64_t room_bytes() const noexcept;
  /// "under /sys/.../memory.max of 16777216 bytes: 900000 in use, of which 4096 can be reclaimed"
  std::string describe() const;
};

/// The limits of this process's group and of all that it is in, versions 1 and 2 of the interface; not those that are
/// no limits ("max"). A limit that cannot be seen from here (no control groups mounted, or above what a namespace
/// shows) is missing. `root` is put before every path: for tests. Cost: some dozens of small files.
std::vector<MemoryLimit> memory_limits(const std::string& root = {});

/// The one that leaves least.
std::optional<MemoryLimit> tightest_memory_limit(const std::string& root = {});

/// MemAvailable and SwapFree of the whole host; all ones where /proc does not tell.
std::uint64_t available_memory_bytes(const std::string& root = {});

}  // namespace arena_shm::core
