#include "failing_calls.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <utility>

namespace arena_shm::test {
namespace {

FailingCalls* current = nullptr;

}  // namespace

FailingCalls::FailingCalls(std::string call, int error, int times)
    : call_(std::move(call)), error_(error), times_(times) {
  current = this;
}

FailingCalls::FailingCalls(int nth, int error) : error_(error), times_(1), nth_(nth) { current = this; }

FailingCalls::~FailingCalls() { current = nullptr; }

int FailingCalls::error_for(const char* call, const std::string& detail) {
  FailingCalls* const self = std::exchange(current, nullptr);  // what this does itself is not counted
  if (self == nullptr) return 0;
  const std::string whole = detail.empty() ? call : call + (' ' + detail);
  const bool is_meant = self->nth_ != 0 ? --self->nth_ == 0 : !self->call_.empty() && whole.starts_with(self->call_);
  current = self;
  if (self->failed_ == self->times_ || !is_meant) return 0;
  ++self->failed_;
  self->last_ = whole;
  return self->error_;
}

namespace {

/// Fails, or makes the call.
template <class Real, class... Arguments>
auto call(const char* name, const std::string& detail, Real real, Arguments... arguments)
    -> decltype(real(arguments...)) {
  const int error = FailingCalls::error_for(name, detail);
  if (error == 0) return real(arguments...);
  errno = error;
  return -1;
}

const char* name_of_command(int command) {
  switch (command) {
    case F_OFD_SETLK: return "lock";
    case F_OFD_GETLK: return "test";
    case F_DUPFD_CLOEXEC: return "dup";
    default: return "other";
  }
}

}  // namespace
}  // namespace arena_shm::test

using arena_shm::test::call;
using arena_shm::test::FailingCalls;

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
#define WRAP(result, name, parameters, arguments, detail) \
  result __real_##name parameters;                        \
  result __wrap_##name parameters;                        \
  result __wrap_##name parameters { return call(#name, detail, __real_##name, arguments); }
#define WITH(...) __VA_ARGS__

extern "C" {

WRAP(int, fchmod, (int fd, mode_t mode), WITH(fd, mode), "")
WRAP(int, fstat, (int fd, struct stat* status), WITH(fd, status), "")
WRAP(int, fstatfs, (int fd, struct statfs* status), WITH(fd, status), "")
WRAP(int, fstatvfs, (int fd, struct statvfs* status), WITH(fd, status), "")
WRAP(ssize_t, getrandom, (void* target, std::size_t size, unsigned flags), WITH(target, size, flags), "")
WRAP(int, link, (const char* from, const char* to), WITH(from, to), "")
WRAP(int, linkat, (int from_at, const char* from, int to_at, const char* to, int flags),
     WITH(from_at, from, to_at, to, flags), "")
WRAP(int, lstat, (const char* path, struct stat* status), WITH(path, status), "")
WRAP(int, madvise, (void* address, std::size_t size, int advice), WITH(address, size, advice),
     advice == MADV_DONTFORK   ? "dontfork"
     : advice == MADV_DONTDUMP ? "dontdump"
                               : "other")
WRAP(ssize_t, pread, (int fd, void* target, std::size_t size, off_t offset), WITH(fd, target, size, offset), "")
WRAP(ssize_t, pwrite, (int fd, const void* from, std::size_t size, off_t offset), WITH(fd, from, size, offset), "")
WRAP(int, shm_open, (const char* name, int flags, mode_t mode), WITH(name, flags, mode), "")
WRAP(int, shm_unlink, (const char* name), WITH(name), "")

int __real_posix_fallocate(int fd, off_t offset, off_t size);
int __wrap_posix_fallocate(int fd, off_t offset, off_t size);
int __wrap_posix_fallocate(int fd, off_t offset, off_t size) {
  const int error = FailingCalls::error_for("posix_fallocate");
  return error != 0 ? error : __real_posix_fallocate(fd, offset, size);
}

void* __real_mmap(void* address, std::size_t size, int protection, int flags, int fd, off_t offset);
void* __wrap_mmap(void* address, std::size_t size, int protection, int flags, int fd, off_t offset);
void* __wrap_mmap(void* address, std::size_t size, int protection, int flags, int fd, off_t offset) {
  const int error = FailingCalls::error_for("mmap", fd >= 0 ? "file" : "memory");
  if (error == 0) return __real_mmap(address, size, protection, flags, fd, offset);
  errno = error;
  return MAP_FAILED;
}

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  return call("open", path, __real_open, path, flags, mode);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void* const argument = va_arg(rest, void*);  // a pointer or an int: what comes in a register goes on in one
  va_end(rest);
  return call("fcntl", arena_shm::test::name_of_command(command), __real_fcntl, fd, command, argument);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
