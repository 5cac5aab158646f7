// A process that is dead, and stays for as long as a test wants where it still has its memory: a tracer stops it there.
#pragma once

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>

namespace arena_shm::test {

/// Requires: the test's own child, which somebody else reaps. Only its first thread is held.
class HeldDeath {
 public:
  explicit HeldDeath(pid_t pid) : pid_(pid) { traces_ = ::ptrace(PTRACE_SEIZE, pid, nullptr, PTRACE_O_TRACEEXIT) == 0; }
  HeldDeath(const HeldDeath&) = delete;
  HeldDeath& operator=(const HeldDeath&) = delete;
  ~HeldDeath() { let_go(); }

  /// False where tracing is not permitted: nothing can be tested then.
  explicit operator bool() const noexcept { return traces_; }

  /// Sends a signal, and waits until it has killed: the holder is inside of do_exit, before it gives its memory up.
  void kill(int signal) {
    ::kill(pid_, signal);
    await_end();
  }

  /// The same for one that ends by itself.
  void await_end() {
    constexpr int kExitStop = SIGTRAP | PTRACE_EVENT_EXIT << 8;
    int status = 0;
    while (::waitpid(pid_, &status, 0) == pid_ && WIFSTOPPED(status) && status >> 8 != kExitStop) {
      const bool is_event = status >> 16 != 0;
      ::ptrace(PTRACE_CONT, pid_, nullptr, is_event ? 0 : WSTOPSIG(status));
    }
  }

  void let_go() {
    if (traces_) ::ptrace(PTRACE_DETACH, pid_, nullptr, 0);
    traces_ = false;
  }

 private:
  pid_t pid_;
  bool traces_ = false;
};

}  // namespace arena_shm::test
