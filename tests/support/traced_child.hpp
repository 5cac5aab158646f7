// A child process that is looked at after each of its system calls.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

namespace arena_shm::test {

class TracedChild {
 public:
  /// `prepare()` runs in the child at full speed, then `body()` under the eyes of run(). What body returns is the exit
  /// code, an exception is 99.
  template <class Prepare, class Body>
  TracedChild(Prepare&& prepare, Body&& body) {
    std::fflush(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    prepare();
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(kNotTraced);
    ::raise(SIGSTOP);
    try {
      ::_exit(body());
    } catch (const std::exception&) {
      ::_exit(99);
    }
  }
  TracedChild(const TracedChild&) = delete;
  TracedChild& operator=(const TracedChild&) = delete;
  ~TracedChild() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  static constexpr int kNotTraced = 97;

  /// Runs it to its end, and calls `look(pid)` before and after each system call. Returns its exit code; -1: a signal.
  template <class Look>
  int run(Look&& look) {
    int status = 0;
    bool begun = false;
    while (::waitpid(pid_, &status, 0) == pid_ && WIFSTOPPED(status)) {
      int pass_on = 0;
      if (!begun) {
        begun = true;
        ::ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
      } else if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
        pass_on = WSTOPSIG(status);
      }
      look(pid_);
      ::ptrace(PTRACE_SYSCALL, pid_, nullptr, pass_on);
    }
    std::exchange(pid_, -1);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
};

}  // namespace arena_shm::test
