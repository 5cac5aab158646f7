#include "bench/harness/recording.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "bench/harness/alone.hpp"

namespace arena_shm::bench {

TemporaryDirectory::TemporaryDirectory() {
  const char* parent = std::getenv("TMPDIR");
  std::string name = std::string(parent != nullptr ? parent : "/var/tmp") + "/arena-bench.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Recording::Recording(const std::string& tool, const std::string& arena, int cpu) {
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    record(tool, arena, cpu);
  }
  children_.add(pid_);
  for (int waited_ms = 0; !std::filesystem::exists(file_); ++waited_ms) {
    if (waited_ms > 10'000 || children_.one_has_died()) refuse();
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

void Recording::record(const std::string& tool, const std::string& arena, int cpu) const {
  try {
    ::setpgid(0, 0);  // a Ctrl-C is for us only
    const int words = ::open(words_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ::dup2(words, STDERR_FILENO);
    pin_to(cpu);
    ::execl(tool.c_str(), "arena-shm", "record", arena.c_str(), "-o", file_.c_str(), "--from", "newest", "--max-size",
            "64M", "--rotate", "2", nullptr);
    std::perror(tool.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  ::_exit(1);
}

Tally Recording::finish() {
  ::kill(pid_, SIGINT);
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) continue;
  Tally tally;
  constexpr int kLost = 3;  // finished, but values were lost
  if (info.si_code != CLD_EXITED || (info.si_status != 0 && info.si_status != kLost) ||
      std::sscanf(last_words().c_str(), "arena-shm: recorded %" SCNu64 ", lost %" SCNu64, &tally.recorded,
                  &tally.lost) != 2) {
    refuse();
  }
  return tally;
}

void Recording::refuse() const {
  throw std::runtime_error("expected arena-shm record to work, found that it said '" + last_words() + "'");
}

std::string Recording::last_words() const {
  std::ifstream words(words_);
  std::string last;
  for (std::string line; std::getline(words, line);) last = line;
  return last;
}

}  // namespace arena_shm::bench
