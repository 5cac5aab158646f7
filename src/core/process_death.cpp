#include "core/process_death.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <optional>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/process.hpp"
#include "core/proc_files.hpp"
#include "core/start_time.hpp"

namespace arena_shm::core {
namespace {

// Elsewhere the holder's last stores may still be on their way when its flags are seen.
#if defined(__x86_64__)
constexpr bool kStoresAreSeenInOrder = true;
#else
constexpr bool kStoresAreSeenInOrder = false;
#endif

std::uint64_t inode_of(const char* path) noexcept {
  struct stat status {};
  return ::stat(path, &status) == 0 ? status.st_ino : 0;
}

ProcPath process(std::uint64_t pid) noexcept { return ProcPath("/proc/").add(pid); }

/// An emulator of another processor makes this file up, with a process of no threads.
std::optional<TaskStat> own_stat() noexcept {
  const auto stat = read_stat(ProcPath("/proc/self/stat"));
  return stat && stat->threads > 0 ? stat : std::nullopt;
}

/// Does it say enough of itself, and is it in this process's pid namespace?
bool could_be_found(const Holder& holder) noexcept {
  return holder.pid != 0 && holder.pid <= INT_MAX && holder.start_time != 0 && holder.pid_namespace != 0 &&
         holder.pid_namespace == own_pid_namespace();
}

std::uint64_t start_of(const TaskStat& stat, std::optional<std::int64_t> offset_ns) noexcept {
  return offset_ns ? without_offset(stat.start_time, *offset_ns, ::sysconf(_SC_CLK_TCK)) : 0;
}

/// One list of a process's tasks.
struct TaskList {
  std::uint64_t count = 0;
  std::uint64_t tids_hash = 0;
  bool is_whole = false;
  friend bool operator==(const TaskList&, const TaskList&) = default;
};

/// Nothing if one of the tasks there can still come back.
std::optional<TaskList> list_tasks_past_return(std::uint64_t pid) noexcept {
  constexpr std::uint64_t kPrime = 0x0000'0100'0000'01b3;  // FNV's
  NumberedEntries tasks(process(pid).add("/task"));
  TaskList list;
  while (const auto tid = tasks.next()) {
    const auto stat = read_stat(process(pid).add("/task/").add(*tid).add("/stat"));
    if (!stat || !stat->is_past_return()) return std::nullopt;
    ++list.count;
    list.tids_hash = (list.tids_hash ^ *tid) * kPrime;
  }
  list.is_whole = tasks.is_whole();
  return list;
}

/// A list that is read while tasks come and go may leave out one that is there all the while. So: a list; the number of
/// the process's tasks; and the same list again. All that are on it were there when they were counted; if they were as
/// many, there were no others, and those past return make none.
bool all_tasks_are_past_return(std::uint64_t pid) noexcept {
  const auto before = list_tasks_past_return(pid);
  if (!before || !before->is_whole) return false;
  const auto counted = read_stat(process(pid).add("/stat"));
  return counted && counted->threads == before->count && list_tasks_past_return(pid) == before;
}

enum class Sharing : std::uint8_t {
  nobody,
  somebody,
  unknown,
};

/// Could a process that may not be looked into have the holder's memory? Such a one was made by the holder, after its
/// start (the holder has made sure that it was not itself made so: owns_its_memory), and has not called exec.
bool may_share_memory(std::uint64_t pid, const Holder& holder, std::optional<std::int64_t> offset_ns) noexcept {
  const auto stat = read_stat(process(pid).add("/stat"));
  if (!stat) return errno != ENOENT && errno != ESRCH;
  if (stat->is_kernel_thread() || !stat->is_forked()) return false;
  const bool is_zombie = stat->state == 'Z' || stat->state == 'X';
  if (is_zombie && stat->threads <= 1) return false;  // else its first thread has ended, and others run
  const std::uint64_t start = start_of(*stat, offset_ns);
  return start == 0 || start + 1 >= holder.start_time;
}

/// Through /proc/PID/map_files one sees the memory of the process's first thread. Has that thread none any more, and
/// may others have it still?
bool may_have_lost_its_first_thread(std::uint64_t pid) noexcept {
  struct stat status {};
  constexpr nlink_t kLinksBesideTasks = 2;
  if (::lstat(process(pid).add("/task").c_str(), &status) != 0) return errno != ENOENT && errno != ESRCH;
  if (status.st_nlink == kLinksBesideTasks + 1) return false;
  char unused = 0;
  return ::readlink(process(pid).add("/exe").c_str(), &unused, 1) <= 0;
}

Sharing look_for_sharers(const Holder& holder, std::optional<std::int64_t> offset_ns) noexcept {
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  Sharing found = Sharing::nobody;
  NumberedEntries processes(ProcPath("/proc"));
  while (const auto pid = processes.next()) {
    if (*pid == holder.pid) continue;
    const ProcPath page =
        process(*pid).add("/map_files/").add(holder.lease_page, 16).add("-").add(holder.lease_page + page_bytes, 16);
    struct stat status {};
    if (::lstat(page.c_str(), &status) == 0) return Sharing::somebody;
    const bool is_visible = errno == ENOENT || errno == ESRCH;
    if (is_visible && !may_have_lost_its_first_thread(*pid)) continue;
    if (may_share_memory(*pid, holder, offset_ns)) found = Sharing::unknown;
  }
  return processes.is_whole() ? found : Sharing::unknown;
}

/// Who else has the holder's memory? vfork(2), posix_spawn(3) and clone(2) with CLONE_VM make such a process; it lives
/// on when the holder is killed, and has every mapping of the holder's, at the same place.
Sharing sharing_of(const Holder& holder) noexcept {
  if (holder.lease_page == 0) return Sharing::unknown;
  const auto offset_ns = own_boottime_offset_ns();
  // Twice: a sharer may make another one, and end, while the list is gone through.
  const Sharing first = look_for_sharers(holder, offset_ns);
  return first != Sharing::nobody ? first : look_for_sharers(holder, offset_ns);
}

bool is_process_of(const Holder& holder, const TaskStat& stat) noexcept {
  return same_start(host_start_time(stat.start_time), holder.start_time);
}

}  // namespace

ProcView proc_view() noexcept {
  const NoCancel no_cancel;
  struct stat status {};
  if (inode_of("/proc/self/ns/pid") == 0) return ProcView::absent;
  if (!own_stat() || ::stat("/proc/self/map_files", &status) != 0) return ProcView::made_up;
  // As many numbers as there are namespaces, from the one that /proc was mounted in down to this process's.
  const ProcPath only = ProcPath("\nNSpid:\t").add(static_cast<std::uint64_t>(::getpid())).add("\n");
  if (has_text(ProcPath("/proc/self/status"), only.view()) != true) return ProcView::of_other_namespace;
  if (::stat("/proc/1", &status) != 0 || has_text(ProcPath("/proc/self/mountinfo"), "hidepid=") != false)
    return ProcView::hides;
  return ProcView::whole;
}

std::uint64_t own_pid_namespace() noexcept { return inode_of("/proc/self/ns/pid"); }

std::uint64_t own_start_time() noexcept {
  const auto stat = own_stat();
  return stat ? host_start_time(stat->start_time) : 0;
}

bool owns_its_memory() noexcept {
  // The epoch is new in what fork made, and the parent's in what clone made to share its memory.
  static std::atomic<std::uint64_t> first{0};  // epoch and pid of who asked first in this memory
  const ProcessMark mark = ProcessMark::current();
  const std::uint64_t mine = mark.epoch << 32 | static_cast<std::uint32_t>(mark.pid);
  std::uint64_t seen = first.load(std::memory_order_relaxed);
  while (seen >> 32 != mine >> 32) {
    if (first.compare_exchange_weak(seen, mine, std::memory_order_relaxed)) return true;
  }
  return seen == mine;
}

namespace {
[[maybe_unused]] const bool kAskedAtStart = owns_its_memory();
}

bool is_proved_dead(const Holder& holder) noexcept {
  const int saved = errno;
  const NoCancel no_cancel;
  const auto dead = [&]() noexcept {
    if (!could_be_found(holder)) return false;
    const auto stat = read_stat(process(holder.pid).add("/stat"));
    // That there is no such process proves nothing more than its lease does.
    if (!stat || !stat->is_past_return() || !is_process_of(holder, *stat)) return false;
    if (proc_view() != ProcView::whole || !all_tasks_are_past_return(holder.pid)) return false;
    if (sharing_of(holder) != Sharing::nobody) return false;
    // A lock of the kernel stands between the holder's stores and a free lease. Here it is this barrier, for a
    // processor that has run the holder until just now.
    return fence_all_writers() || kStoresAreSeenInOrder;
  }();
  errno = saved;
  return dead;
}

Dying how_it_dies(const Holder& holder) noexcept {
  const NoCancel no_cancel;
  if (!could_be_found(holder)) return Dying::no;
  const ProcPath path = process(holder.pid).add("/stat");
  const auto stat = read_stat(path);
  // With the option hidepid there may be one that is not shown; kill(2) knows of it.
  const bool is_absent =
      !stat && (errno == ENOENT || errno == ESRCH) && ::kill(static_cast<pid_t>(holder.pid), 0) != 0 && errno == ESRCH;
  const bool is_there = stat && (is_process_of(holder, *stat) || host_start_time(stat->start_time) == 0);
  if (is_there ? !stat->is_past_return() : !stat && !is_absent) return Dying::no;
  if (proc_view() != ProcView::whole) return Dying::no;
  if (is_there && !all_tasks_are_past_return(holder.pid)) return Dying::no;
  switch (sharing_of(holder)) {
    case Sharing::somebody: return Dying::gone;
    case Sharing::unknown: return is_there ? Dying::no : Dying::gone;
    case Sharing::nobody: break;
  }
  return is_there && has_text(process(holder.pid).add("/status"), "\nCoreDumping:\t1") == true ? Dying::dumping_core
                                                                                               : Dying::exiting;
}

}  // namespace arena_shm::core
