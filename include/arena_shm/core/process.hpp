// Which process this is, and how fork(2) is kept out of where it would do harm.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>

namespace arena_shm::core {

/// Tells a process from the children that it forks. The pid alone does not: the first child after
/// unshare(CLONE_NEWPID) by a process that is pid 1 is pid 1 too.
struct ProcessMark {
  pid_t pid = 0;
  std::uint64_t epoch = 0;  // kept in a page that the kernel wipes in every child

  static ProcessMark current() noexcept;
  friend bool operator==(const ProcessMark&, const ProcessMark&) = default;
};

/// Locked by fork itself (pthread_atfork), and by whoever has something open or locked that a child must not inherit.
std::mutex& fork_lock();

}  // namespace arena_shm::core
