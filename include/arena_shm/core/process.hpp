// Which process this is, and how fork(2), signal handlers and pthread_cancel are kept out of where they would do harm.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <csignal>
#include <cstdint>

namespace arena_shm::core {

/// Tells a process from the children that it forks. The pid alone does not: the first child after
/// unshare(CLONE_NEWPID) by a process that is pid 1 is pid 1 too.
struct ProcessMark {
  pid_t pid = 0;
  std::uint64_t epoch = 0;  // kept in a page that the kernel wipes in every child

  static ProcessMark current() noexcept;
  friend bool operator==(const ProcessMark&, const ProcessMark&) = default;
};

/// As long as it lives, no signal handler runs on this thread: one that came upon a lock which its own thread holds
/// would wait for ever. Cost: two system calls.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

/// As long as it lives, pthread_cancel of this thread is put off: it unwinds the stack, which ends the process where it
/// meets a function that may not throw.
class NoCancel {
 public:
  NoCancel() noexcept { ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  NoCancel(const NoCancel&) = delete;
  NoCancel& operator=(const NoCancel&) = delete;
  ~NoCancel() { ::pthread_setcancelstate(before_, nullptr); }

 private:
  int before_ = PTHREAD_CANCEL_ENABLE;
};

/// As long as it lives, the process does not fork: for whoever has something open or locked that a child must not
/// inherit. One at a time in a process; no signal handler comes in between.
class ForkGuard {
 public:
  ForkGuard() noexcept;
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;
  ~ForkGuard();

 private:
  SignalsBlocked no_handlers_;
};

}  // namespace arena_shm::core
