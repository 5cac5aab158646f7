// Proof from /proc that a process is dead, while the kernel still takes its memory apart, or writes its core.
//
// It is one if each of its tasks is past the point of no return, and nobody else has its memory. Wherever one of the
// two cannot be told, nothing is proved, and the lease (lease.hpp) decides.
#pragma once

#include <cstdint>

namespace arena_shm::core {

/// What a seat says of its holder (layout.hpp).
struct Holder {
  std::uint32_t pid = 0;
  std::uint64_t start_time = 0;  ///< as host_start_time has it
  std::uint64_t pid_namespace = 0;
  std::uint64_t lease_page = 0;  ///< 0: it cannot be told who shares its memory
};

/// Is it proved that no store of this process can still come? Never by a guess: false wherever it cannot be told.
/// Ordering: after `true`, what it stored is visible.
/// Cost: one file is read if it lives; some microseconds for each process of the machine if it is dead.
/// May be called from signal handlers: allocates nothing, locks nothing. No cancellation point.
bool is_proved_dead(const Holder& holder) noexcept;

/// What becomes of a process, for display.
enum class Dying : std::uint8_t {
  no,            ///< it lives, or that cannot be told
  exiting,       ///< proved dead; its memory is being taken apart
  dumping_core,  ///< the same, and the kernel writes its core
  gone,          ///< no such process any more, or one that has ended; but its memory is somebody else's, too
};
Dying how_it_dies(const Holder& holder) noexcept;

/// What /proc is good for here.
enum class ProcView : std::uint8_t {
  whole,               ///< it proves deaths
  absent,              ///< not mounted
  made_up,             ///< not that of a Linux kernel: an emulator's
  of_other_namespace,  ///< its pids are those of another pid namespace
  hides,               ///< mounted with hidepid, or made so in another way
};
ProcView proc_view() noexcept;

/// Inode of the pid namespace that this process is in; 0 where /proc does not tell.
std::uint64_t own_pid_namespace() noexcept;

/// When this process started, as host_start_time has it (start_time.hpp); 0 where that cannot be told.
std::uint64_t own_start_time() noexcept;

/// Was its memory made by the fork or exec that made this process? False in one that clone(2) or vfork(2) has given its
/// parent's, whose age says nothing of those who share it; and where it cannot be told.
bool owns_its_memory() noexcept;

}  // namespace arena_shm::core
