// SIGINT and SIGTERM as a request to come to an end: the verb prints its summary, and the exit code is its own.
// SIGBUS as an error like others: it comes when somebody truncates the file of a segment that is mapped.
#pragma once

namespace arena_shm::terminal {

/// From now on the first SIGINT or SIGTERM is only noted; it also interrupts system calls that wait. A second one
/// kills.
void catch_stop_signals();

/// Has one come?
bool stop_requested() noexcept;

/// From now on a SIGUSR1 is only noted; it also interrupts system calls that wait.
void catch_trigger_signal();

/// Has one come since it was asked last?
bool take_trigger_signal() noexcept;

/// From now on SIGBUS says what has happened, and ends the process with ExitCode::failed. What was not flushed is lost.
void report_bus_errors();

}  // namespace arena_shm::terminal
