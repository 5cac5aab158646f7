// What /proc says about processes: for display only. That a process is there proves nothing about a lease, and that it
// is not there neither; see core/lease.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/image.hpp"

namespace arena_shm::inspect {

enum class ProcessState : std::uint8_t {
  absent,
  running,  ///< or asleep: it goes on by itself
  stopped,  ///< by a signal or a debugger
  zombie,
  unknown,
};
std::string_view to_string(ProcessState state) noexcept;

struct Process {
  ProcessState state = ProcessState::unknown;
  std::string name;              ///< of its program; may hold anything
  std::uint64_t start_time = 0;  ///< clock ticks after boot, in the initial time namespace: with the pid, tells it from
                                 ///< those before and after it. 0: not known
};

Process look_up(std::uint32_t pid);

/// Does /proc show the processes of others, or does its option hidepid keep them from this one?
bool sees_all_processes();

/// Inode of the pid namespace that this process is in; 0 where /proc does not tell. Pids of others mean nothing here.
std::uint64_t own_pid_namespace();

/// Why /proc does not prove deaths here before leases are free (core/process_death.hpp); empty if it does.
std::string_view obstacle_to_early_proof() noexcept;

/// One process that has the segment mapped.
struct Mapper {
  std::uint32_t pid = 0;
  Process process;
  bool writes = false;  ///< it maps more than the doorbell's page writable
};

struct Mappers {
  std::vector<Mapper> found;
  std::size_t unreadable_count = 0;  ///< processes whose mappings may not be looked at
  bool complete = true;              ///< /proc shows every process, also those of other pid namespaces
  int error = 0;                     ///< errno, if some could not be looked at for another reason; else 0
};

/// Everybody in this pid namespace who has the file mapped. Readers may map the doorbell's page writable: that alone
/// makes no writer.
Mappers mappers_of(const Image& image, std::uint64_t doorbell_offset);

}  // namespace arena_shm::inspect
