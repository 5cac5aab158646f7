#include "inspect/openers.hpp"

#include <fcntl.h>

#include <cerrno>
#include <csignal>

namespace arena_shm::inspect {

Openers openers_of(const Image& image) noexcept {
  std::signal(SIGIO, SIG_IGN);  // what comes if somebody opens the file while the lease is held; it would kill
  if (::fcntl(image.fd(), F_SETLEASE, F_WRLCK) == 0) {
    ::fcntl(image.fd(), F_SETLEASE, F_UNLCK);
    return Openers::none;
  }
  return errno == EAGAIN ? Openers::some : Openers::unknown;
}

}  // namespace arena_shm::inspect
