#include "support/lease_tests.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>

namespace arena_shm::test {
namespace {
std::atomic<std::uint64_t> count{0};
}

std::uint64_t count_of_lease_tests() noexcept { return count.load(); }

}  // namespace arena_shm::test

// In the place of the C library's, for all of this program.
extern "C" int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (command == F_OFD_GETLK) arena_shm::test::count.fetch_add(1);
  return static_cast<int>(::syscall(SYS_fcntl, fd, command, argument));
}
