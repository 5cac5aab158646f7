// A control group of a test's own, by version 2 or 1 of the interface, whichever is there and may be written.
#pragma once

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace arena_shm::test {

class Cgroup {
 public:
  /// `control` is a file that it has to have, as "cgroup.freeze".
  Cgroup(const std::string& hierarchy, const std::string& control) {
    const std::filesystem::path path = hierarchy + "/arena-shm-test-" + std::to_string(::getpid());
    std::error_code error;
    if (!std::filesystem::create_directory(path, error)) return;
    path_ = path;
    if (!std::filesystem::exists(path_ / control)) remove();
  }
  Cgroup(Cgroup&& other) noexcept { path_.swap(other.path_); }
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  ~Cgroup() { remove(); }

  explicit operator bool() const noexcept { return !path_.empty(); }

  std::string path() const { return path_.string(); }

  /// False: refused.
  bool write(const std::string& control, const std::string& text) const {
    std::ofstream file(path_ / control);
    file << text << std::flush;
    return file.good();
  }
  /// Waits until a line of the control is `text`. False: it has not become that within a minute.
  bool await(const std::string& control, const std::string& text) const {
    for (int look = 0; look < 6000; ++look) {
      std::ifstream file(path_ / control);
      for (std::string line; std::getline(file, line);) {
        if (line == text) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  void remove() noexcept {
    if (path_.empty()) return;
    std::error_code error;
    for (int attempt = 0; attempt < 100 && !std::filesystem::remove(path_, error); ++attempt)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // its processes have to be reaped first
    path_.clear();
  }

  std::filesystem::path path_;
};

}  // namespace arena_shm::test
