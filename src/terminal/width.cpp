#include "terminal/width.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace arena_shm::terminal {

std::size_t output_columns() noexcept {
  if (::isatty(STDOUT_FILENO) == 0) return 100;
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace arena_shm::terminal
