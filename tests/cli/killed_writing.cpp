// To be preloaded: kills its process at a write into a file.
//
//   ARENA_SHM_KILL_AT="N PHASE"    at the N-th one, counted from 1; PHASE: before, within, after
#include <dlfcn.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace {

bool is_file(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// Writes by `some(bytes)`, as far as the process lives.
template <class Some>
ssize_t write_until_killed(int fd, std::size_t bytes, Some some) {
  static int left = -1;
  static std::string phase;
  if (left < 0) {
    const char* text = std::getenv("ARENA_SHM_KILL_AT");
    const std::string at = text == nullptr ? "0 never" : text;
    left = std::atoi(at.c_str());
    phase = at.substr(at.find(' ') + 1);
  }
  if (!is_file(fd) || left == 0 || --left > 0) return some(bytes);
  if (phase == "within") some(bytes / 2);
  if (phase == "after") some(bytes);
  ::kill(::getpid(), SIGKILL);
  return -1;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" ssize_t write(int fd, const void* data, std::size_t bytes) {
  static const auto next = real<decltype(write)>("write");
  return write_until_killed(fd, bytes, [&](std::size_t some) { return next(fd, data, some); });
}

extern "C" ssize_t pwrite(int fd, const void* data, std::size_t bytes, off_t at) {
  static const auto next = real<decltype(pwrite)>("pwrite");
  return write_until_killed(fd, bytes, [&](std::size_t some) { return next(fd, data, some, at); });
}
