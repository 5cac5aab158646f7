// The few facts of /proc that proofs are made of, read without allocating: signal handlers may come here.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "arena_shm/core/system.hpp"

namespace arena_shm::core {

/// A path of /proc, or another short text, put together on the stack.
class ProcPath {
 public:
  explicit ProcPath(std::string_view text) noexcept { add(text); }
  ProcPath& add(std::string_view text) noexcept;
  ProcPath& add(std::uint64_t number, int base = 10) noexcept;
  const char* c_str() const noexcept { return text_.data(); }
  std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 96> text_{};
  std::size_t size_ = 0;
};

/// Of a task, or of a whole process; see proc(5), /proc/PID/stat.
struct TaskStat {
  char state = '?';
  std::uint64_t flags = 0;  ///< PF_* of the kernel's sched.h
  std::uint64_t threads = 0;
  std::uint64_t start_time = 0;

  /// Does it never come back to its program's code? PF_EXITING is set when a task begins to exit; PF_SIGNALED when it
  /// takes a signal that kills it, before it writes a core. Neither is ever taken back, and both have had these bits in
  /// every kernel from 2.6 on; Linux 5.10 to 6.18 were read for this (kernel/exit.c, kernel/signal.c, fs/coredump.c).
  /// Only the kernel's own threads in a process (io_uring's, vhost's) go on for a while after such a signal. A task
  /// that a tracer has stopped at PTRACE_EVENT_EXIT has not got PF_EXITING yet.
  bool is_past_return() const noexcept {
    return (flags & kExiting) != 0 || ((flags & kSignaled) != 0 && (flags & (kIoWorker | kUserWorker)) == 0);
  }
  bool is_kernel_thread() const noexcept { return (flags & kKernelThread) != 0; }
  /// Made by fork or clone, and has not called exec since.
  bool is_forked() const noexcept { return (flags & kForkNoExec) != 0; }

  static constexpr std::uint64_t kExiting = 0x4;
  static constexpr std::uint64_t kIoWorker = 0x10;
  static constexpr std::uint64_t kForkNoExec = 0x40;
  static constexpr std::uint64_t kSignaled = 0x400;
  static constexpr std::uint64_t kUserWorker = 0x4000;
  static constexpr std::uint64_t kKernelThread = 0x0020'0000;
};

/// Nothing, and errno, if there is no such file, or it cannot be read; errno 0: it says something else than it should.
std::optional<TaskStat> read_stat(const ProcPath& path) noexcept;
std::optional<TaskStat> parse_stat(std::string_view text) noexcept;

/// The beginning of a file; empty if it cannot be read.
std::string_view read_start(const ProcPath& path, char* buffer, std::size_t size) noexcept;

/// Does `text` stand in the file, however long that is? Nothing if it cannot be read. Requires: at most 64 bytes.
std::optional<bool> has_text(const ProcPath& path, std::string_view text) noexcept;

/// The numbers among the names in a directory: pids, or tids.
class NumberedEntries {
 public:
  explicit NumberedEntries(const ProcPath& directory) noexcept;
  /// Nothing at the end, or when it cannot be read: is_whole() tells the two apart.
  std::optional<std::uint64_t> next() noexcept;
  bool is_whole() const noexcept { return whole_; }

 private:
  bool fill() noexcept;

  Descriptor directory_;
  alignas(8) std::array<char, 4096> buffer_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool whole_ = false;
};

}  // namespace arena_shm::core
