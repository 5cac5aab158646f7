// A process that has its parent's memory, as a child of vfork(2) or posix_spawn(3) has before it calls exec.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace arena_shm::test {

/// Made in the holder. It lives until the other end of a pipe is closed, and outlives its parent. It must not disturb
/// the parent's memory: it makes a few system calls, on stacks of its own. On demand its first thread ends, and leaves
/// the rest to another.
inline pid_t make_memory_sharer(int until_closed, bool first_thread_ends = false) {
  constexpr int kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  alignas(64) static char stacks[2][64 << 10];
  static int fd;
  fd = until_closed;
  static constexpr auto kWait = [](void*) {
    char byte = 0;
    while (::read(fd, &byte, 1) < 0) {
    }
    ::_exit(0);
    return 0;
  };
  static constexpr auto kLeaveToAnother = [](void*) {
    if (::clone(kWait, stacks[1] + sizeof(stacks[1]), kThread, nullptr) < 0) ::_exit(1);
    ::syscall(SYS_exit, 0);
    return 0;
  };
  int (*const act)(void*) = first_thread_ends ? +kLeaveToAnother : +kWait;
  return ::clone(act, stacks[0] + sizeof(stacks[0]), CLONE_VM, nullptr);
}

}  // namespace arena_shm::test
