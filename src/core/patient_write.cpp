#include "core/patient_write.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/stop_request.hpp"

namespace arena_shm::core {

namespace {

// POSIX has a pipe that is ready for writing take so many bytes at once, and whole: with no more than that a write does
// not block, and a signal that comes just before it is not missed.
constexpr std::size_t kPieceBytes = 4096;

bool may_block(int fd) noexcept {
  struct stat status {};
  return ::fstat(fd, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISBLK(status.st_mode));
}

// Whole lines, if there is one.
std::string_view piece_of(std::string_view text) noexcept {
  const std::string_view piece = text.substr(0, kPieceBytes);
  if (piece.size() == text.size()) return piece;
  const std::size_t end = piece.rfind('\n');
  return end == std::string_view::npos ? piece : piece.substr(0, end + 1);
}

// False: a stop is requested, and there is no room soon.
bool wait_for_room(int fd) noexcept {
  constexpr int kLongestWaitMs = 50;  // until a signal is looked for again
  for (;;) {
    const bool is_last_try = stop_requested();
    pollfd out{.fd = fd, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&out, 1, kLongestWaitMs);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;  // what is wrong, the write will tell
    if (is_last_try) return false;
  }
}

}  // namespace

PatientWrite write_patiently(int fd, std::string_view text) noexcept {
  const bool in_pieces = may_block(fd);
  PatientWrite done;
  while (done.bytes < text.size()) {
    if (in_pieces && !wait_for_room(fd)) return done;
    const std::string_view rest = text.substr(done.bytes);
    const std::string_view piece = in_pieces ? piece_of(rest) : rest;
    const ssize_t written = ::write(fd, piece.data(), piece.size());
    if (written >= 0) {
      done.bytes += static_cast<std::size_t>(written);
    } else if (errno != EINTR && errno != EAGAIN) {
      done.error = errno;
      return done;
    }
  }
  return done;
}

}  // namespace arena_shm::core
