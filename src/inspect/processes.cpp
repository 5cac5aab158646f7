#include "inspect/processes.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <sstream>

#include "core/process_death.hpp"
#include "core/start_time.hpp"
#include "core/text_file.hpp"

namespace arena_shm::inspect {

namespace {

template <class T>
std::optional<T> number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Cuts the first word off.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

ProcessState state_of(char letter) {
  switch (letter) {
    case 'T':
    case 't': return ProcessState::stopped;
    case 'Z':
    case 'X': return ProcessState::zombie;
    default: return ProcessState::running;
  }
}

// "PID (name) S ppid ...", proc(5). The name may hold anything, also parentheses.
Process parse_stat(std::string_view stat) {
  constexpr int kStartTimeField = 22;
  Process process;
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return process;
  process.name = stat.substr(open + 1, close - open - 1);
  stat.remove_prefix(close + 1);
  const std::string_view state = take_word(stat);
  if (!state.empty()) process.state = state_of(state.front());
  std::string_view word;
  for (int field = 4; field <= kStartTimeField; ++field) word = take_word(stat);
  process.start_time = core::host_start_time(number<std::uint64_t>(word).value_or(0));
  return process;
}

// Nothing, and errno, if they cannot be had.
std::vector<std::uint32_t> all_pids() {
  std::vector<std::uint32_t> pids;
  for (const std::string& name : core::names_in("/proc")) {
    if (const auto pid = number<std::uint32_t>(name)) pids.push_back(*pid);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

struct Mapping {
  bool writable = false;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// "7f..-7f.. rw-s 00001000 00:19 1234   /dev/shm/ticks", if it is one of the image's.
std::optional<Mapping> mapping_of(std::string_view line, const Image& image) {
  const std::string_view range = take_word(line);
  const std::string_view access = take_word(line);
  const std::string_view offset = take_word(line);
  const std::string_view device = take_word(line);
  const std::string_view inode = take_word(line);
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos || number<std::uint64_t>(inode) != image.inode() ||
      device != fmt::format("{:02x}:{:02x}", major(image.device()), minor(image.device()))) {
    return std::nullopt;
  }
  Mapping mapping;
  mapping.writable = access.size() > 1 && access[1] == 'w';
  mapping.offset = number<std::uint64_t>(offset, 16).value_or(0);
  mapping.bytes = number<std::uint64_t>(range.substr(dash + 1), 16).value_or(0) -
                  number<std::uint64_t>(range.substr(0, dash), 16).value_or(0);
  return mapping;
}

/// The inode of the pid namespace that all others are inside of: the kernel's PROC_PID_INIT_INO.
constexpr std::uint64_t kFirstPidNamespace = 0xeffffffc;

void note_failure(int error, Mappers& mappers) {
  if (error == EACCES || error == EPERM) {
    ++mappers.unreadable_count;
  } else if (error != ENOENT && error != ESRCH) {  // it has ended meanwhile
    mappers.error = error;
  }
}

}  // namespace

std::string_view to_string(ProcessState state) noexcept {
  switch (state) {
    case ProcessState::absent: return "absent";
    case ProcessState::running: return "running";
    case ProcessState::stopped: return "stopped";
    case ProcessState::zombie: return "zombie";
    case ProcessState::unknown: break;
  }
  return "unknown";
}

Process look_up(std::uint32_t pid) {
  if (const auto stat = core::text_of(fmt::format("/proc/{}/stat", pid)); stat && !stat->empty())
    return parse_stat(*stat);
  Process process;
  struct stat status {};
  if (::stat("/proc/self", &status) == 0) process.state = ProcessState::absent;
  return process;
}

std::uint64_t own_pid_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

std::string_view obstacle_to_early_proof() noexcept {
  switch (core::proc_view()) {
    case core::ProcView::whole: return "";
    case core::ProcView::absent: return "/proc is not mounted";
    case core::ProcView::made_up: return "/proc is not provided by a Linux kernel";
    case core::ProcView::of_other_namespace: return "/proc belongs to another pid namespace";
    case core::ProcView::hides: break;
  }
  return "/proc hides processes (hidepid)";
}

bool sees_all_processes() {
  // Processes of other users are not even listed with hidepid=invisible or ptraceable, proc(5). Process 1 is always
  // there, and hardly anybody's own.
  struct stat status {};
  return ::stat("/proc/1", &status) == 0;
}

Mappers mappers_of(const Image& image, std::uint64_t doorbell_offset) {
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  Mappers mappers;
  mappers.complete = sees_all_processes() && own_pid_namespace() == kFirstPidNamespace;
  errno = 0;
  const std::vector<std::uint32_t> pids = all_pids();
  if (pids.empty()) mappers.error = errno;
  for (const std::uint32_t pid : pids) {
    const auto text = core::text_of(fmt::format("/proc/{}/maps", pid));
    if (!text) note_failure(errno, mappers);
    std::istringstream maps(text.value_or(""));
    bool maps_it = false;
    bool writes = false;
    for (std::string line; std::getline(maps, line);) {
      const auto mapping = mapping_of(line, image);
      if (!mapping) continue;
      const bool doorbell_only = mapping->offset == doorbell_offset && mapping->bytes <= page_bytes;
      maps_it = true;
      writes = writes || (mapping->writable && !doorbell_only);
    }
    if (maps_it) mappers.found.push_back({pid, look_up(pid), writes});
  }
  return mappers;
}

}  // namespace arena_shm::inspect
