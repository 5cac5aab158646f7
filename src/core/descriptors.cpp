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
// descriptor has that number until it has been moved, in the next system call. A program that reopens its standard
// descriptors beside such threads does it by dup2, which leaves no gap.
#include <fcntl.h>
#include <pthread.h>
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

bool is_only_thread() noexcept {
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
    if (!is_only_thread()) return;
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

}  // namespace

int open_above_standard(const char* path, int flags, mode_t mode) noexcept {
  const NotCancelled not_cancelled;
  const Filling filling;
  if (!filling.done()) return -1;
  const int fd = ::open(path, flags | O_CLOEXEC, mode);
  if (fd < 0 || fd >= kStandardCount) return fd;
  const Descriptor low(fd);  // a number that another thread has closed just now
  return duplicate_above_standard(fd);
}

int duplicate_above_standard(int fd) noexcept { return ::fcntl(fd, F_DUPFD_CLOEXEC, kStandardCount); }

bool fill_standard_descriptors() noexcept {
  Filling filling;
  filling.keep();
  return filling.done();
}

}  // namespace arena_shm::core
