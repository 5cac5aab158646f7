// Proof from /proc that a process is dead, while the kernel still takes its memory apart, or writes its core.
#pragma once

#include <cstdint>
#include <optional>

namespace arena_shm::core {

/// What a seat says of its holder (layout.hpp).
struct Holder {
  std::uint32_t pid = 0;
  std::uint64_t start_time = 0;  ///< as host_start_time has it
  std::uint64_t pid_namespace = 0;
  std::uint64_t lease_page = 0;
};

/// Is it proved that no store of this process can still come? Never by a guess: false wherever it cannot be told.
/// Ordering: after `true`, what it stored is visible.
/// Cost: two files are read if it lives; some microseconds for each process of the machine if it is dead.
/// May be called from signal handlers: allocates nothing, locks nothing.
/// `boottime_offset_ns` is own_boottime_offset_ns() of start_time.hpp.
bool is_proved_dead(const Holder& holder, std::optional<std::int64_t> boottime_offset_ns) noexcept;

/// What becomes of a process, for display.
enum class Dying : std::uint8_t {
  no,            ///< it lives, or that cannot be told
  exiting,       ///< past the point of no return; its memory is being taken apart
  dumping_core,  ///< the same, and the kernel writes its core
  gone,          ///< no such process any more, but its memory is somebody else's, too
};
Dying how_it_dies(const Holder& holder);

/// Inode of the pid namespace that this process is in; 0 where /proc does not tell.
std::uint64_t own_pid_namespace() noexcept;

/// When this process started, as host_start_time has it (start_time.hpp); 0 where that cannot be told.
std::uint64_t own_start_time();

}  // namespace arena_shm::core
