// SIGINT and SIGTERM as a request to come to an end: the verb prints its summary, and the exit code is its own.
#pragma once

namespace arena_shm::tool {

/// From now on the first SIGINT or SIGTERM is only noted; it also interrupts system calls that wait. A second one
/// kills.
void catch_stop_signals();

/// Has one come?
bool stop_requested() noexcept;

}  // namespace arena_shm::tool
