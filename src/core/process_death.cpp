#include "core/process_death.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include "arena_shm/core/doorbell.hpp"
#include "core/proc_files.hpp"
#include "core/start_time.hpp"

namespace arena_shm::core {
namespace {

std::uint64_t inode_of(const char* path) noexcept {
  struct stat status {};
  return ::stat(path, &status) == 0 ? status.st_ino : 0;
}

ProcPath process(std::uint32_t pid) noexcept { return ProcPath("/proc/").add(pid); }

/// Are the pids of /proc, and those of kill(2), the ones that this process and the holder mean?
bool shares_pids_with(const Holder& holder) noexcept {
  if (holder.pid == 0 || holder.pid_namespace == 0 || holder.pid_namespace != own_pid_namespace()) return false;
  std::array<char, 24> self{};
  if (::readlink("/proc/self", self.data(), self.size() - 1) <= 0) return false;
  return std::strtol(self.data(), nullptr, 10) == ::getpid();  // else it was mounted in another namespace
}

/// One pass over the tasks of a process. Is each that is there past return, and is none missing from the list?
bool all_tasks_are_past_return(std::uint32_t pid) noexcept {
  NumberedEntries tasks(process(pid).add("/task"));
  std::uint64_t count = 0;
  while (const auto tid = tasks.next()) {
    const auto stat = read_stat(process(pid).add("/task/").add(*tid).add("/stat"));
    if (!stat || !stat->is_past_return()) return false;
    ++count;
  }
  const auto whole = read_stat(process(pid).add("/stat"));
  return tasks.is_whole() && whole && whole->threads == count;
}

/// As host_start_time has it; 0 if it cannot be told.
std::uint64_t start_of(const TaskStat& stat, std::optional<std::int64_t> offset_ns) noexcept {
  const long ticks_per_second = ::sysconf(_SC_CLK_TCK);
  return offset_ns ? without_offset(stat.start_time, *offset_ns, ticks_per_second) : 0;
}

enum class Seen : std::uint8_t {
  alive,  ///< or it cannot be told
  past,   ///< all its tasks are past return
  gone,   ///< there is no such process any more
};

/// Requires: shares_pids_with(holder).
Seen look_at(const Holder& holder, std::optional<std::int64_t> offset_ns) noexcept {
  const auto stat = read_stat(process(holder.pid).add("/stat"));
  if (!stat) {
    // Not there; or hidden by the option hidepid, which kill(2) knows nothing of.
    if (errno != ENOENT && errno != ESRCH) return Seen::alive;
    return ::kill(static_cast<pid_t>(holder.pid), 0) != 0 && errno == ESRCH ? Seen::gone : Seen::alive;
  }
  const std::uint64_t start = start_of(*stat, offset_ns);
  if (start != 0 && holder.start_time != 0 && !same_start(start, holder.start_time))
    return Seen::gone;  // the pid is another process's by now
  if (!stat->is_past_return()) return Seen::alive;
  // Twice: a task may have been made by one that was seen past return only after that, and so be missing from the first
  // list. All that could have made one are past it by the time of the second. If the process that is looked at is
  // another one, the holder is gone: which is as good.
  return all_tasks_are_past_return(holder.pid) && all_tasks_are_past_return(holder.pid) ? Seen::past : Seen::alive;
}

/// Could this process have come to share the holder's memory? Only who may not look into it asks.
bool may_be_a_sharer(std::uint64_t pid, const Holder& holder, std::optional<std::int64_t> offset_ns) noexcept {
  const auto stat = read_stat(ProcPath("/proc/").add(pid).add("/stat"));
  if (!stat) return errno != ENOENT && errno != ESRCH;
  if (stat->is_kernel_thread() || stat->state == 'Z' || stat->state == 'X') return false;  // no memory
  // What shares it was made by the holder, or by one that was: after it.
  const std::uint64_t start = start_of(*stat, offset_ns);
  return start == 0 || holder.start_time == 0 || start + 1 >= holder.start_time;
}

/// Has nobody else the holder's memory? vfork(2), posix_spawn(3) and clone(2) with CLONE_VM make such a process; it
/// lives on when the holder is killed, and has every mapping of the holder's, at the same place.
bool nobody_shares_memory_of(const Holder& holder, std::optional<std::int64_t> offset_ns) noexcept {
  static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  struct stat status {};
  if (holder.lease_page == 0 || ::stat("/proc/self/map_files", &status) != 0) return false;
  if (::stat("/proc/1", &status) != 0) return false;  // hidepid: not every process is shown
  NumberedEntries processes(ProcPath("/proc"));
  while (const auto pid = processes.next()) {
    if (*pid == holder.pid) continue;
    const ProcPath page = ProcPath("/proc/")
                              .add(*pid)
                              .add("/map_files/")
                              .add(holder.lease_page, 16)
                              .add("-")
                              .add(holder.lease_page + page_bytes, 16);
    if (::lstat(page.c_str(), &status) == 0) return false;
    if (errno == ENOENT || errno == ESRCH) continue;
    if (may_be_a_sharer(*pid, holder, offset_ns)) return false;
  }
  return processes.is_whole();
}

bool is_dumping_core(std::uint32_t pid) noexcept {
  std::array<char, 4096> buffer;
  const std::string_view text = read_start(process(pid).add("/status"), buffer.data(), buffer.size());
  return text.find("\nCoreDumping:\t1") != std::string_view::npos;
}

}  // namespace

std::uint64_t own_pid_namespace() noexcept { return inode_of("/proc/self/ns/pid"); }

std::uint64_t own_start_time() {
  const auto stat = read_stat(ProcPath("/proc/self/stat"));
  return stat ? host_start_time(stat->start_time) : 0;
}

bool is_proved_dead(const Holder& holder, std::optional<std::int64_t> boottime_offset_ns) noexcept {
  const int saved = errno;
  // Twice: a sharer may make another one, and end, while the list is gone through.
  const bool dead = shares_pids_with(holder) && look_at(holder, boottime_offset_ns) != Seen::alive &&
                    nobody_shares_memory_of(holder, boottime_offset_ns) &&
                    nobody_shares_memory_of(holder, boottime_offset_ns);
  // A lock of the kernel stands between the holder's stores and a free lease. Here it is this barrier, for a processor
  // that has run the holder until just now.
  if (dead) fence_all_writers();
  errno = saved;
  return dead;
}

Dying how_it_dies(const Holder& holder) {
  if (!shares_pids_with(holder)) return Dying::no;
  switch (look_at(holder, own_boottime_offset_ns())) {
    case Seen::alive: return Dying::no;
    case Seen::gone: return Dying::gone;
    case Seen::past: break;
  }
  return is_dumping_core(holder.pid) ? Dying::dumping_core : Dying::exiting;
}

}  // namespace arena_shm::core
