// System calls that the kernel is told not to carry out for the calling thread, as by the filter of a container.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace arena_shm::test {

/// From now on, `number` does nothing in the calling thread and those that it starts, and ends with `error`; 0: as if
/// it had done what it was asked for. False: this process may not filter its calls.
inline bool filter_call(long number, int error) {
  std::array<sock_filter, 4> code{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
                                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
                                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  const sock_fprog program{code.size(), code.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

inline bool refuse_membarrier() {
  return filter_call(SYS_membarrier, EPERM) && ::syscall(SYS_membarrier, 0, 0, 0) == -1;
}
/// It seems to work, and does nothing.
inline bool fake_membarrier() { return filter_call(SYS_membarrier, 0); }

}  // namespace arena_shm::test
