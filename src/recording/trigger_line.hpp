// How somebody triggers the captures of an arena that run in other processes: a datagram to a socket that has no place
// in the file system, only a name, and is gone with its process.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "arena_shm/core/system.hpp"

namespace arena_shm::recording {

/// The end that is triggered. Only processes of the same user, and root, are heard.
/// Thread safety: none.
class TriggerLine {
 public:
  /// Errors: Code::system_failure and others of the system's.
  explicit TriggerLine(const std::string& arena);

  /// Has somebody triggered since? Each of them gets an answer. Cost: a system call. Errors: none.
  bool was_pulled();

 private:
  core::Descriptor socket_;
};

/// Triggers all captures of that arena on this host that belong to the same user. Returns: the processes that have
/// answered. Cost: waits for those that are there, for at most a second. Errors: those of the system's.
std::vector<pid_t> pull_triggers(const std::string& arena);

}  // namespace arena_shm::recording
