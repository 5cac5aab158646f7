#include "core/errno_meaning.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>

#include "core/segment_files.hpp"
#include "core/text_file.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm::core {
namespace {

constexpr const char* kFewerSlots = ", ask for fewer slots, or remove arenas";

bool is_directory(const char* path) noexcept {
  struct stat status {};
  return ::stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool may(int what) noexcept { return ::faccessat(AT_FDCWD, kDirectory, what, AT_EACCESS) == 0; }

/// How many mappings this process has. Counted without memory of its own: there may be none.
std::uint64_t mapping_count() noexcept {
  const Descriptor file(open_above_standard("/proc/self/maps", O_RDONLY));
  std::array<char, 4096> part{};
  std::uint64_t lines = 0;
  for (ssize_t got = 1; file && got > 0;) {
    got = ::read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR)
      got = 1;
    else if (got > 0)
      lines += static_cast<std::uint64_t>(std::count(part.begin(), part.begin() + got, '\n'));
  }
  return lines;
}

std::optional<std::uint64_t> limit_of(__rlimit_resource resource) noexcept {
  struct rlimit limit {};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

Meaning no_directory() {
  return {Code::unsupported, std::string("no directory ") + kDirectory,
          std::string("create it: mkdir -p ") + kDirectory + ", and mount -t tmpfs tmpfs " + kDirectory};
}

Meaning no_permission_for_directory() {
  return {Code::permission_denied, std::string("no permission for the directory ") + kDirectory,
          std::string("chmod 1777 ") + kDirectory + ", or run as its owner"};
}

Meaning no_inode() {
  return {Code::no_space, std::string("no space for one more file in ") + kDirectory,
          "remove files there, or allow more files (mount -o remount,nr_inodes=...)"};
}

Meaning no_mapping_memory() {
  const auto most = leading_number(text_of("/proc/sys/vm/max_map_count").value_or(""));
  // The kernel counts one more than it allows; and what failed may have wanted several.
  if (const std::uint64_t count = mapping_count(); most && count + 2 >= *most)
    return {Code::no_space, std::to_string(count) + " mappings, the most that the system allows in a process",
            "raise vm.max_map_count (sysctl), or use fewer mappings"};
  if (const auto limit = limit_of(RLIMIT_AS))
    return {Code::no_space, "a limit of " + std::to_string(*limit) + " bytes of address space",
            "raise it (ulimit -v), or ask for fewer slots"};
  return {Code::no_space, "no memory for the mapping", "free memory, or raise the control group's limit"};
}

Meaning no_locked_memory() {
  const auto limit = limit_of(RLIMIT_MEMLOCK);
  return {Code::no_space,
          "a program that locks its memory (mlockall), and " +
              (limit ? "a limit of " + std::to_string(*limit) + " locked bytes" : std::string("no memory to lock")),
          "raise the limit (ulimit -l), ask for fewer slots, or call mlockall without MCL_FUTURE"};
}

/// Where it makes no difference what the call was for.
Meaning of_any(int error) {
  switch (error) {
    case EMFILE:
      return {Code::system, "no free descriptor in this process", "close some, or raise the limit: ulimit -n"};
    case ENFILE:
      return {Code::system, "no free descriptor on this host",
              "raise fs.file-max (sysctl), or end processes that keep many files open"};
    case ENOMEM:
      return {Code::no_space, "no memory for the kernel's own needs",
              "free memory, or raise the control group's limit"};
    case ENOSPC: return {Code::no_space, "no space left", "free some space"};
    case EDQUOT:
      return {Code::no_space, "a quota that is used up", std::string("raise the quota (setquota)") + kFewerSlots};
    case EFBIG: return {Code::file_size_limit, "a file-size limit", "raise the limit: ulimit -f unlimited"};
    case EROFS:
      return {Code::permission_denied, std::string(kDirectory) + " mounted read-only",
              std::string("mount -o remount,rw ") + kDirectory + "; in a container, give it a tmpfs there"};
    case EPERM:
    case EACCES:
      return {Code::permission_denied, "a refusal by the system",
              "look at what confines this process: a seccomp filter, SELinux, AppArmor"};
    case ENOSYS:
    case EOPNOTSUPP:
      return {Code::unsupported, "a kernel or file system without a needed feature",
              std::string("see arena-shm doctor; ") + kDirectory + " must be a tmpfs of Linux"};
    case EINTR: return {Code::system, "a call that a signal has interrupted", "try again"};
    case EIO: return {Code::system, "memory or a device that does not work", "see the kernel's log: dmesg"};
    case EBADF:
      return {Code::system, "a descriptor that is closed already",
              "find the code that closes descriptors which it did not open"};
    case ENAMETOOLONG: return {Code::invalid_name, "a name that is too long", "choose a shorter one"};
    default: return {Code::system, "a failed system call", "see arena-shm doctor"};
  }
}

Meaning of_open(int error, bool to_write) {
  switch (error) {
    case ENOENT:
      if (!is_directory(kDirectory)) return no_directory();
      return {Code::not_found, "no arena of that name",
              to_write ? "create it first; to list the arenas: arena-shm list" : "to list the arenas: arena-shm list"};
    case ENOTDIR: return no_directory();
    case EACCES:
      if (!may(X_OK)) return no_permission_for_directory();
      return {Code::permission_denied, to_write ? "no permission to write it" : "no permission to read it",
              to_write ? "ask its owner for a wider mode, or open it read-only" : "ask its owner for a wider mode"};
    case EROFS: {
      Meaning meaning = of_any(error);
      if (to_write) meaning.remedy += "; or open it read-only";
      return meaning;
    }
    case ELOOP: return {Code::not_an_arena, "a symbolic link", "an arena is never a link; remove the link"};
    default: return of_any(error);
  }
}

Meaning of_make(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR: return is_directory(kDirectory) ? of_any(error) : no_directory();
    case EACCES: return no_permission_for_directory();
    case ENOSPC: return no_inode();
    case EEXIST: return {Code::system, "another file of the same temporary name", "try again"};
    default: return of_any(error);
  }
}

Meaning of_reserve(int error) {
  switch (error) {
    case ENOSPC:
      return {Code::no_space, std::string("no space left in ") + kDirectory,
              std::string("make it larger (mount -o remount,size=...)") + kFewerSlots};
    case ENOMEM:
      return {Code::no_space, "no memory for its pages",
              std::string("free memory, raise the control group's limit") + kFewerSlots};
    case EINVAL:
    case ENODEV: return of_any(EOPNOTSUPP);
    default: return of_any(error);
  }
}

Meaning of_publish(int error) {
  switch (error) {
    case EEXIST: return {Code::already_exists, "an arena of that name", "open it, remove it, or choose another name"};
    case ENOENT:
      if (!is_directory(kDirectory)) return no_directory();
      if (!is_directory("/proc/self/fd"))
        return {Code::unsupported, "no /proc, which is needed to name the file",
                "mount -t proc proc /proc, or run with the capability CAP_DAC_READ_SEARCH"};
      return {Code::system, "a temporary file that another process has removed", "try again"};
    case EACCES: return no_permission_for_directory();
    case ENOSPC: return no_inode();
    case EPERM:
      return {Code::permission_denied, "a refusal to link the file",
              std::string("mount a tmpfs at ") + kDirectory + ", or look at fs.protected_hardlinks (sysctl)"};
    case EXDEV: return {Code::system, std::string(kDirectory) + " mounted again meanwhile", "try again"};
    default: return of_any(error);
  }
}

Meaning of_map(int error) {
  switch (error) {
    case EAGAIN: return no_locked_memory();
    case ENOMEM: return no_mapping_memory();
    case ENODEV:
    case EINVAL:
      return {Code::unsupported, "a kernel or file system that cannot map the file",
              std::string("mount a tmpfs at ") + kDirectory + ", and use Linux 5.10 or later"};
    default: return of_any(error);
  }
}

Meaning of_take_seat(int error) {
  switch (error) {
    case ENOENT:
      return {Code::not_found, "no open descriptor and no file of that name",
              "take seats before descriptors are closed and the arena is removed"};
    case EACCES:
      return {Code::permission_denied, "no permission to open it again",
              "take seats before the process changes its user, or ask the owner for a wider mode"};
    case ENOLCK:
      return {Code::no_space, "no memory for a lock, or a file system without locks",
              std::string("free memory, raise the control group's limit, and mount a tmpfs at ") + kDirectory};
    case EINVAL:
      return {Code::unsupported, "a system without locks of open files (OFD)",
              "use Linux 3.15 or later, without a filter on fcntl"};
    default: return of_map(error);
  }
}

Meaning of_remove(int error) {
  switch (error) {
    case ENOENT: return {Code::not_found, "no arena of that name", "to list the arenas: arena-shm list"};
    case EACCES:
    case EPERM: return {Code::permission_denied, "no permission to remove it", "ask its owner, or root, to do it"};
    case EISDIR: return {Code::not_an_arena, "a directory", "check the name"};
    case EBUSY: return {Code::not_an_arena, "something mounted there", "unmount it: umount"};
    default: return of_any(error);
  }
}

/// Of files that are no segments.
Meaning of_file(int error, Act act) {
  const bool reads = act == Act::open_file || act == Act::read_file;
  switch (error) {
    case ENOENT:
      if (act == Act::make_file) return {Code::system, "no such directory", "create it first, or check the path"};
      return {act == Act::open_file ? Code::not_found : Code::system, "no such file", "check the path"};
    case EBADF: return {Code::system, "a closed descriptor", "redirect it from or to a file: <file, >file"};
    case ENOTDIR: return {Code::system, "a file where the path needs a directory", "check the path"};
    case EISDIR: return {Code::system, "a directory", "choose a file in it"};
    case ELOOP: return {Code::system, "a loop of symbolic links", "check the path"};
    case EACCES:
    case EPERM:
      return {Code::permission_denied, reads ? "no permission to read it" : "no permission to write it",
              reads ? "ask its owner, or read a copy" : "choose a file where you may write"};
    case EROFS: return {Code::permission_denied, "a read-only file system", "choose a file where you may write"};
    case ENOSPC: return {Code::no_space, "no space left there", "free some space, or choose a file elsewhere"};
    case EDQUOT:
      return {Code::no_space, "a quota that is used up there", "raise the quota, or choose a file elsewhere"};
    case EFBIG:
      return {Code::file_size_limit, "a file-size limit",
              "raise the limit: ulimit -f unlimited; or record smaller files: --max-size and --rotate"};
    case ETXTBSY: return {Code::system, "a program that is running", "choose another file"};
    case EIO: return {Code::system, "a device that does not work", "see the kernel's log: dmesg"};
    case ENXIO: return {Code::system, "a socket, or a pipe or device without a peer", "check the path"};
    case EINVAL: return {Code::system, "a file that does not allow this", "choose an ordinary file"};
    default: return of_any(error);
  }
}

}  // namespace

Meaning meaning_of(int error, Act act) {
  switch (act) {
    case Act::open_to_read: return of_open(error, false);
    case Act::open_to_write: return of_open(error, true);
    case Act::make: return of_make(error);
    case Act::reserve:
    case Act::write: return of_reserve(error);
    case Act::publish: return of_publish(error);
    case Act::duplicate: return of_any(error == EINVAL ? EMFILE : error);  // no number below the limit is high enough
    case Act::map: return of_map(error);
    case Act::take_seat: return of_take_seat(error);
    case Act::remove: return of_remove(error);
    case Act::open_file:
    case Act::make_file:
    case Act::read_file:
    case Act::write_file: return of_file(error, act);
    case Act::get_random:
    case Act::set_mode:
    case Act::look: break;
  }
  return of_any(error);
}

}  // namespace arena_shm::core
