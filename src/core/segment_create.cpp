#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>

#include "arena_shm/core/stop_point.hpp"
#include "core/memory_limits.hpp"
#include "core/segment_files.hpp"
#include "core/text_file.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm::core {
namespace {

/// How much is reserved in one call: a signal rolls one call back, and must not be able to do so for ever.
constexpr std::uint64_t kReserveStep = 1 << 20;
/// The memory is looked at again after a part of what is to spare, but no more often than that, and no less.
constexpr std::uint64_t kShortestStretch = 1 << 16;
constexpr std::uint64_t kLongestStretch = 1 << 24;
constexpr std::uint64_t kCreatorsAtOnce = 16;

/// A file beyond RLIMIT_FSIZE is answered by a signal that kills, not by an error: so look first.
void check_file_size_limit(const std::string& name, std::uint64_t bytes) {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur) return;
  throw Error(Code::file_size_limit, {.name = name,
                                      .doing = "create",
                                      .expected = "a file-size limit of at least " + std::to_string(bytes) + " bytes",
                                      .found = "RLIMIT_FSIZE of " + std::to_string(limit.rlim_cur) + " bytes",
                                      .remedy = "raise the limit (ulimit -f), or ask for fewer slots"});
}

[[noreturn]] void refuse_space(const std::string& name, std::uint64_t bytes, const std::string& found,
                               const std::string& remedy) {
  throw Error(Code::no_space, {.name = name,
                               .doing = "create",
                               .expected = std::to_string(bytes) + " bytes of free space",
                               .found = found,
                               .remedy = remedy + ", ask for fewer slots, or remove arenas"});
}

void check_file_system(int fd, const std::string& name, std::uint64_t bytes) {
  struct statvfs space {};
  if (::fstatvfs(fd, &space) == 0 && space.f_blocks != 0 && space.f_bavail < bytes / space.f_frsize)
    refuse_space(name, bytes, std::to_string(space.f_bavail * space.f_frsize) + " in " + kDirectory,
                 "make it larger (mount -o remount,size=...)");
}

/// Says no before a page is touched. A tmpfs may be as large as the memory, or larger: then it is not the file system
/// that runs full but the memory, and the answer is not ENOSPC but the kernel's killing of processes. So it is with the
/// limit of a control group. Others may be reserving at the same time; so the scarcer it is, the sooner the next look.
/// `left` of `bytes` have no pages yet. Returns how many of them may have some before the next look.
std::uint64_t look_for_memory(const std::string& name, std::uint64_t bytes, std::uint64_t left) {
  const std::uint64_t memory = available_memory_bytes();
  if (memory < left) refuse_space(name, left, std::to_string(memory) + " of available memory", "free memory");
  std::uint64_t spare = memory - left;
  if (const auto limit = tightest_memory_limit()) {
    // The kernel's index of the pages and the page tables, 17 bytes for each 4096, count there; and a little is left.
    const std::uint64_t needed = left + bytes / 64 + kShortestStretch;
    const std::uint64_t room = limit->room_bytes();
    if (room < needed)
      refuse_space(name, needed, std::to_string(room) + ' ' + limit->describe(),
                   "raise this limit of the control group");
    spare = std::min(spare, room - needed);
  }
  return std::min(left, std::clamp(spare / kCreatorsAtOnce, kShortestStretch, kLongestStretch));
}

/// What the file system said. Where it has room itself, memory that is accounted for strictly has run out.
[[noreturn]] void refuse_full(int fd, const std::string& name, std::uint64_t bytes, std::uint64_t step) {
  struct statvfs space {};
  if (::fstatvfs(fd, &space) == 0 && space.f_bavail > step / space.f_frsize &&
      leading_number(text_of("/proc/sys/vm/overcommit_memory").value_or("")) == 2)
    refuse_space(name, bytes, "no memory left that may be committed",
                 "free memory, or raise vm.overcommit_ratio (sysctl): with vm.overcommit_memory=2 it is a limit");
  refuse_space(name, bytes, std::string("no space left in ") + kDirectory,
               "make it larger (mount -o remount,size=...)");
}

void reserve_stretch(int fd, const std::string& name, std::uint64_t bytes, std::uint64_t at, std::uint64_t end) {
  while (at < end) {
    const std::uint64_t step = std::min(kReserveStep, end - at);
    const int error = ::posix_fallocate(fd, static_cast<off_t>(at), static_cast<off_t>(step));
    if (error == 0) at += step;
    if (error == 0 || error == EINTR) continue;
    if (error != ENOSPC) throw_errno(error, Act::reserve, "create", name);
    refuse_full(fd, name, bytes, step);
  }
}

/// Reserves every page now, so that a full file system is an error here and never a SIGBUS later.
void reserve(int fd, const std::string& name, std::uint64_t bytes) {
  check_file_system(fd, name, bytes);
  for (std::uint64_t at = 0; at < bytes;) {
    const std::uint64_t end = at + look_for_memory(name, bytes, bytes - at);
    reserve_stretch(fd, name, bytes, at, end);
    at = end;
  }
}

void write_all(int fd, const std::string& name, const void* bytes, std::size_t count, std::uint64_t offset) {
  const auto* from = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::pwrite(fd, from, count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw_errno(written < 0 ? errno : EIO, Act::write, "create", name);
    from += written;
    offset += static_cast<std::uint64_t>(written);
    count -= static_cast<std::size_t>(written);
  }
}

}  // namespace

Draft::Draft(const std::string& name, const Header& header, const std::string& schema, unsigned mode) : name_(name) {
  check_file_size_limit(name, header.segment_bytes);
  ARENA_SHM_STOP_POINT(create_begin);
  open();
  try {
    ARENA_SHM_STOP_POINT(create_drafted);
    reserve(file_.get(), name, header.segment_bytes);
    ARENA_SHM_STOP_POINT(create_reserved);
    write_all(file_.get(), name, &header, sizeof(header), 0);
    if (!schema.empty()) write_all(file_.get(), name, schema.data(), schema.size(), header.schema.offset_bytes);
    if (::fchmod(file_.get(), mode) != 0)
      throw_errno(errno, Act::set_mode, "create", name);  // the umask does not apply
    ARENA_SHM_STOP_POINT(create_written);
  } catch (...) {
    discard();
    throw;
  }
}

Draft::~Draft() { discard(); }

void Draft::discard() const noexcept {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void Draft::open() {
  file_ = Descriptor(open_above_standard(kDirectory, O_TMPFILE | O_RDWR, 0600));
  if (file_) return;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
    throw_errno(errno, Act::make, "create", name_);
  const std::string path =
      path_of(".arena-shm." + std::to_string(::getpid()) + "." + std::to_string(std::random_device{}()));
  file_ = Descriptor(open_above_standard(path.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0600));
  if (!file_) throw_errno(errno, Act::make, "create", name_);
  temporary_ = path;
}

Descriptor Draft::duplicate() const {
  Descriptor copy(duplicate_above_standard(file_.get()));
  if (!copy) throw_errno(errno, Act::duplicate, "create", name_);
  return copy;
}

void Draft::publish() const {
  const std::string path = path_of(name_);
  if (!temporary_.empty()) {
    if (::link(temporary_.c_str(), path.c_str()) != 0) throw_errno(errno, Act::publish, "create", name_);
  } else if (::linkat(file_.get(), "", AT_FDCWD, path.c_str(), AT_EMPTY_PATH) != 0) {
    if (errno == EEXIST) throw_errno(errno, Act::publish, "create", name_);
    // Without the capability that AT_EMPTY_PATH wants, the same through /proc.
    const std::string link = "/proc/self/fd/" + std::to_string(file_.get());
    if (::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0)
      throw_errno(errno, Act::publish, "create", name_);
  }
  ARENA_SHM_STOP_POINT(create_linked);
}

}  // namespace arena_shm::core
