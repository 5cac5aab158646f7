// Child processes of a test, made by fork. A test that forks has one thread, and its children never return from `body`.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <new>
#include <string>
#include <thread>
#include <utility>

namespace arena_shm::test {

/// Passes single bytes between processes: one waits until another has let it go. Made before the fork.
class Gate {
 public:
  Gate() {
    if (::pipe(ends_) != 0) std::abort();
  }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  void open() const {
    const char byte = 1;
    if (::write(ends_[1], &byte, 1) != 1) std::abort();
  }
  void pass() const {
    char byte = 0;
    while (::read(ends_[0], &byte, 1) < 0 && errno == EINTR) {
    }
  }

 private:
  int ends_[2] = {-1, -1};
};

/// A value that forked children share with their parent. Made before the fork.
template <class T>
class Shared {
 public:
  Shared() {
    void* page = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) std::abort();
    value_ = new (page) T();
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() { ::munmap(value_, sizeof(T)); }

  T& operator*() const noexcept { return *value_; }
  T* operator->() const noexcept { return value_; }

 private:
  T* value_;
};

/// A forked child. Killed and reaped when this goes; dies with its parent, too.
class Child {
 public:
  /// `body()` runs in the child; what it returns is the exit code, an exception is 99.
  template <class Body>
  explicit Child(Body&& body) {
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(98);
    int code = 99;
    try {
      code = body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "child: %s\n", error.what());
    }
    std::fflush(nullptr);
    ::_exit(code);
  }
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const noexcept { return pid_; }

  /// As ps shows it: 'R' running, 'S' sleeping, 'T' stopped, 'Z' zombie; '?' if there is none.
  char state() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t end = line.rfind(')');  // the command may hold anything
    return end == std::string::npos || end + 2 >= line.size() ? '?' : line[end + 2];
  }
  /// Nothing, if it has been reaped: to kill -1 is to kill all there are.
  void signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
  }

  /// Waits for its end and reaps it. Returns what happened: "exit 0", "signal 9"; or "still running" after a minute.
  std::string end() { return wait_for(0); }

  /// Waits until it has stopped itself (SIGSTOP), or has ended. Returns "stopped", or what end() returns.
  std::string stop_or_end() { return wait_for(WUNTRACED); }

  /// Waits until it is dead, but leaves it a zombie.
  void become_zombie() const {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }

  std::string kill_and_reap() {
    signal(SIGKILL);
    return end();
  }

 private:
  std::string wait_for(int options) {
    if (pid_ <= 0) return "gone";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    int status = 0;
    for (;;) {
      const pid_t got = ::waitpid(pid_, &status, options | WNOHANG);
      if (got == pid_) break;
      if (got < 0 && errno != EINTR) return "gone";
      if (std::chrono::steady_clock::now() > deadline) return "still running";
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    if (WIFSTOPPED(status)) return "stopped";
    pid_ = -1;
    if (WIFEXITED(status)) return "exit " + std::to_string(WEXITSTATUS(status));
    return "signal " + std::to_string(WTERMSIG(status));
  }

  pid_t pid_ = -1;
};

}  // namespace arena_shm::test
