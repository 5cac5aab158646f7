// `arena-shm record` at work on an arena: a child process on a CPU of its own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "bench/harness/team.hpp"

namespace arena_shm::bench {

/// A directory that goes when this goes. In $TMPDIR or /var/tmp: /tmp may be memory.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// What the recorder says at its end.
struct Tally {
  std::uint64_t recorded = 0;
  std::uint64_t lost = 0;
};

/// Its files hold 192 MiB at most. Errors: std::runtime_error with what the recorder said, std::system_error.
class Recording {
 public:
  /// Returns when it follows, from the newest value on. `tool` is the path of arena-shm.
  Recording(const std::string& tool, const std::string& arena, int cpu);

  /// Ends it. May be called once.
  Tally finish();

 private:
  [[noreturn]] void record(const std::string& tool, const std::string& arena, int cpu) const;
  [[noreturn]] void refuse() const;
  std::string last_words() const;

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "values.npy";
  std::filesystem::path words_ = directory_.path() / "stderr";
  pid_t pid_ = 0;
  Children children_;
};

}  // namespace arena_shm::bench
