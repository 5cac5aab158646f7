// What to do with half a row, after a write that did not work.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

namespace arena_shm::core {

/// Takes back the `bytes` that were written last through this descriptor, at the end of a file.
/// Returns: false if that cannot be done: it is no file, it may only grow, or somebody else has made it longer.
inline bool take_back(int fd, std::uint64_t bytes) noexcept {
  if (bytes == 0) return true;
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const off_t end = ::lseek(fd, 0, SEEK_CUR);
  if (end != status.st_size || static_cast<std::uint64_t>(end) < bytes) return false;
  const off_t before = end - static_cast<off_t>(bytes);
  return ::ftruncate(fd, before) == 0 && ::lseek(fd, before, SEEK_SET) == before;
}

}  // namespace arena_shm::core
