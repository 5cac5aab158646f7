// Starts the peer program, and reads what it says.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/child.hpp"

namespace arena_shm::test {

/// A peer that runs. `before_exec` runs in the child; if it returns false, the peer ends with code 77.
class Peer {
 public:
  explicit Peer(std::vector<std::string> arguments, const std::function<bool()>& before_exec = {})
      : pipe_(make_pipe()) {
    child_ = std::make_unique<Child>([&]() -> int {
      ::dup2(pipe_[1], STDOUT_FILENO);
      if (before_exec && !before_exec()) return 77;
      std::vector<char*> argv{const_cast<char*>(ARENA_SHM_PEER)};
      for (std::string& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      ::execv(ARENA_SHM_PEER, argv.data());
      return 78;
    });
    ::close(pipe_[1]);
  }
  Peer(Peer&& other) noexcept : pipe_(std::exchange(other.pipe_, {-1, -1})), child_(std::move(other.child_)) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    if (pipe_[0] >= 0) ::close(pipe_[0]);
  }

  /// "exit 0", "signal 9", ...
  std::string end() { return child_->end(); }
  /// All that it printed; waits until it is over.
  std::string output() const {
    std::string text;
    char buffer[256];
    for (ssize_t got = 0; (got = ::read(pipe_[0], buffer, sizeof(buffer))) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    return text;
  }

 private:
  static std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    return ends;
  }

  std::array<int, 2> pipe_;
  std::unique_ptr<Child> child_;
};

}  // namespace arena_shm::test
