#include "terminal/handover.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "terminal/signals.hpp"

namespace arena_shm::terminal {

namespace {

bool is_fifo(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

bool is_empty(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) != 0 || bytes == 0;
}

}  // namespace

Handover::Handover() : is_pipe_(is_fifo(STDOUT_FILENO)) {
  if (!is_pipe_) return;
  const int bytes = ::fcntl(STDOUT_FILENO, F_GETPIPE_SZ);
  // The kernel makes a page of it. It refuses if more is in it than that: then it is looked at again and again.
  if (bytes > 0 && ::fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 1) > 0) usual_bytes_ = bytes;
}

Handover::~Handover() {
  if (usual_bytes_ > 0) ::fcntl(STDOUT_FILENO, F_SETPIPE_SZ, usual_bytes_);
}

bool Handover::await_taken() const {
  constexpr int kLongestWaitMs = 50;  // until a signal is looked for again
  while (is_pipe_) {
    pollfd out{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&out, 1, kLongestWaitMs);
    // In this order: who has gone away by now takes nothing any more.
    if (is_empty(STDOUT_FILENO)) return true;
    if (ready > 0 && (out.revents & POLLERR) != 0) throw core::OutputClosed{};
    if (stop_requested()) return false;
    if (ready > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // it has more than a page
  }
  return true;
}

}  // namespace arena_shm::terminal
