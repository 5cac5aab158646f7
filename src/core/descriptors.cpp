// Descriptors that are never 0, 1 or 2.
//
// The kernel gives out the lowest free number, and has no call that opens above one. So the closed ones of 0 to 2 are
// filled before anything is opened. What fills them is an O_PATH descriptor of "/": read, write and poll say of it what
// they say of a closed one (EBADF), so that another thread which logs to a closed standard error notices nothing.
//
// Are they closed again afterwards?
// - In a program with one thread, yes: it may rely on getting the number that it has just closed, and nobody can come
//   in between.
// - In one with more threads, no. Another thread may have put something of its own there by dup2, and no system call
//   closes a number only if it is still what it was. Nor is anything taken from the program: where another thread may
//   open a file at any time, nobody can rely on getting a certain number from open. close and dup2 work on the filling
//   as on any other, a forked child has it as its parent has it, and exec closes it. So no lock is needed either: a
//   number that is filled stays so for everybody.
//
// What remains: between the look at the numbers and the open, another thread may close one of them. Then the new
// descriptor has that number until it has been moved, in the next system call. No call can keep that from happening,
// but it does no harm: until its number is known, what is written to it is appended (O_APPEND), so it goes behind the
// end of the segment, and is cut off again. A program that reopens its standard descriptors beside such threads does it
// by dup2, which leaves no gap at all.
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "arena_shm/core/system.hpp"

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace arena_shm::core {
namespace {

constexpr int kStandardCount = 3;

bool libc_sees_one_thread() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;  // cannot be told
#endif
}

bool is_closed(int fd) noexcept { return ::fcntl(fd, F_GETFD) < 0 && errno == EBADF; }

/// A thread that is cancelled here would leave behind what it has opened.
class NotCancelled {
 public:
  NotCancelled() noexcept { ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  NotCancelled(const NotCancelled&) = delete;
  NotCancelled& operator=(const NotCancelled&) = delete;
  ~NotCancelled() { ::pthread_setcancelstate(before_, nullptr); }

 private:
  int before_ = 0;
};

/// Keeps 0 to 2 from being free.
class Filling {
 public:
  Filling() noexcept {
    for (int fd = 0; fd < kStandardCount && done_;) {
      if (is_closed(fd)) {
        fill();  // and look again: another thread may have been first
      } else {
        ++fd;
      }
    }
  }
  Filling(const Filling&) = delete;
  Filling& operator=(const Filling&) = delete;
  ~Filling() {
    if (!libc_sees_one_thread()) return;
    const int saved = errno;
    for (int fd = 0; fd < kStandardCount; ++fd) {
      if (is_mine_[static_cast<std::size_t>(fd)]) ::close(fd);
    }
    errno = saved;
  }

  bool done() const noexcept { return done_; }
  void keep() noexcept { is_mine_ = {}; }

 private:
  void fill() noexcept {
    const int fd = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
      done_ = false;
    } else if (fd < kStandardCount) {
      is_mine_[static_cast<std::size_t>(fd)] = true;
    } else {
      ::close(fd);
    }
  }

  std::array<bool, kStandardCount> is_mine_{};
  bool done_ = true;
};

bool is_same(const struct stat& one, const struct stat& other) noexcept {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

class Opening {
 public:
  Opening(const char* path, int flags, mode_t mode) noexcept : path_(path), flags_(flags), mode_(mode) {
    struct stat status {};
    if (writes_ && (flags & O_TRUNC) == 0 && ::stat(path, &status) == 0 && S_ISREG(status.st_mode))
      size_bytes_ = status.st_size;
  }

  /// -1 and errno: refused, or EBADF: another thread was in the way.
  int open() const noexcept {
    int fd = ::open(path_, flags_ | O_CLOEXEC | (writes_ ? O_APPEND : 0), mode_);
    if (fd >= 0 && fd < kStandardCount) fd = raised(fd);
    if (fd >= 0 && writes_) ::fcntl(fd, F_SETFL, flags_ & ~O_APPEND);
    return fd;
  }

 private:
  /// For a number that another thread has closed just now: the same description by a higher one.
  int raised(int low) const noexcept {
    Descriptor high(duplicate_above_standard(low));
    struct stat status {};
    if (!high || ::fstat(high.get(), &status) != 0) {
      ::close(low);
      return -1;
    }
    if (!is_opened(high.get(), status)) {  // but what another thread has put there since
      errno = EBADF;
      return -1;
    }
    struct stat there {};
    if (::fstat(low, &there) == 0 && is_same(status, there)) ::close(low);
    // Nobody else makes it longer: segments have the size that they were made with, and other files are our own.
    if (writes_ && S_ISREG(status.st_mode) && status.st_size > size_bytes_ && ::ftruncate(high.get(), size_bytes_) != 0)
      return -1;
    return high.release();
  }

  bool is_opened(int fd, const struct stat& status) const noexcept {
    if ((flags_ & O_TMPFILE) == O_TMPFILE) {
      const int flags = ::fcntl(fd, F_GETFL);
      return flags >= 0 && (flags & O_TMPFILE) == O_TMPFILE && status.st_nlink == 0;
    }
    struct stat there {};
    return ::stat(path_, &there) == 0 && is_same(status, there);
  }

  const char* path_;
  int flags_;
  mode_t mode_;
  bool writes_ = (flags_ & O_ACCMODE) != O_RDONLY && (flags_ & O_APPEND) == 0;
  off_t size_bytes_ = 0;
};

}  // namespace

int open_above_standard(const char* path, int flags, mode_t mode) noexcept {
  const NotCancelled not_cancelled;
  const Filling filling;
  return filling.done() ? Opening(path, flags, mode).open() : -1;
}

int duplicate_above_standard(int fd) noexcept { return ::fcntl(fd, F_DUPFD_CLOEXEC, kStandardCount); }

int eventfd_above_standard() noexcept {
  const NotCancelled not_cancelled;
  const Filling filling;
  if (!filling.done()) return -1;
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0 || fd >= kStandardCount) return fd;
  // Another thread has closed this number just now. What it writes there by then is counted, and makes one wake up.
  const int high = duplicate_above_standard(fd);
  ::close(fd);
  return high;
}

bool fill_standard_descriptors() noexcept {
  Filling filling;
  filling.keep();
  return filling.done();
}

}  // namespace arena_shm::core
