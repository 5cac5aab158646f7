// The one place that turns errno into an Error, the one place that opens files, and a descriptor that closes itself.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "arena_shm/error.hpp"

namespace arena_shm::core {

/// "No such file or directory", without strerror's data race.
std::string errno_text(int error);

/// "0644".
std::string octal_text(unsigned mode);

/// What a system call was for. One errno means another thing, and wants another remedy, at each.
enum class Act : std::uint8_t {
  open_to_read,   ///< a segment, by its name
  open_to_write,  ///< the same
  get_random,
  make,     ///< a segment's file, in the directory of all
  reserve,  ///< its pages
  write,    ///< into it, before anybody else knows it
  set_mode,
  publish,    ///< give it its name
  look,       ///< at a segment's file, which is open: its status, its bytes
  duplicate,  ///< a descriptor
  map,
  take_seat,  ///< a description of the segment's file, a lock on it, a mapping
  remove,
  open_file,  ///< the rest is for files that are no segments: recordings, schemas, standard input
  make_file,
  read_file,
  write_file,
};

/// Throws what `error`, met while `doing` something with arena `name`, means to the user; `act` is what failed.
[[noreturn]] void throw_errno(int error, Act act, const std::string& doing, const std::string& name);

/// open(2), close-on-exec, never by one of the numbers 0 to 2: whoever writes to a standard descriptor that the program
/// has closed must not write into a segment. What fills a closed one meanwhile, and what of it stays: descriptors.cpp.
/// Returns -1 and errno on failure. No cancellation point.
/// Requires, to write: that nobody else makes the file longer meanwhile, as is so with segments and new files.
/// Cost: three system calls more than open; to write, five.
int open_above_standard(const char* path, int flags, mode_t mode = 0) noexcept;

/// The same description by another number, close-on-exec, above 2. Returns -1 and errno on failure.
int duplicate_above_standard(int fd) noexcept;

/// eventfd(2), close-on-exec, not blocking, above 2. Returns -1 and errno on failure.
int eventfd_above_standard() noexcept;

/// Fills those of 0 to 2 that are closed, for good: for a program that does not want to think of them any more.
/// Returns false and errno if that cannot be done.
bool fill_standard_descriptors() noexcept;

/// Owns a descriptor. Closing keeps errno.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace arena_shm::core
