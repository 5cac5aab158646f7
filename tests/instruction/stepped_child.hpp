// A child process that is driven one instruction at a time.
#pragma once

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace arena_shm::test {

/// How far the child has come; in memory that it shares with its parent.
enum class Stage : std::uint32_t { preparing, inside, finished };

/// Runs `prepare()` in a child at full speed, then single-steps the operation that it returned.
class SteppedChild {
 public:
  template <class Prepare>
  explicit SteppedChild(Prepare&& prepare) {
    void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) std::abort();
    stage_ = new (page) std::atomic<Stage>(Stage::preparing);
    std::fflush(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) run(prepare);
    wait();  // for the SIGSTOP behind the preparation
  }
  SteppedChild(const SteppedChild&) = delete;
  SteppedChild& operator=(const SteppedChild&) = delete;
  ~SteppedChild() {
    kill();
    ::munmap(stage_, 4096);
  }

  bool prepared() const noexcept { return pid_ > 0; }

  /// Runs the child to the first instruction of the operation, then `count` further.
  /// Returns false if the operation was over before that.
  bool step_into(std::uint64_t count) {
    while (pid_ > 0 && stage() == Stage::preparing) step();
    for (std::uint64_t i = 0; pid_ > 0 && i < count && stage() == Stage::inside; ++i) step();
    return pid_ > 0 && stage() == Stage::inside;
  }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  template <class Prepare>
  [[noreturn]] void run(Prepare& prepare) {
    try {
      auto operation = prepare();
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::raise(SIGSTOP);
      stage_->store(Stage::inside, std::memory_order_seq_cst);
      operation();
      stage_->store(Stage::finished, std::memory_order_seq_cst);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "child: %s\n", error.what());
    }
    ::_exit(0);
  }

  Stage stage() const noexcept { return stage_->load(std::memory_order_relaxed); }
  void step() {
    if (::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0) std::abort();
    wait();
  }
  void wait() {
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_ || !WIFSTOPPED(status)) pid_ = -1;
  }

  std::atomic<Stage>* stage_ = nullptr;
  pid_t pid_ = -1;
};

}  // namespace arena_shm::test
