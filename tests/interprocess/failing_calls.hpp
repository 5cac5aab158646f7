// Makes system calls of the library under test fail: the linker leads them here (--wrap).
#pragma once

#include <string>

namespace arena_shm::test {

/// What the calls are known by: "open /dev/shm/ticks", "fcntl lock", "madvise dontfork", "pwrite", ...
/// Thread safety: none; one lives at a time.
class FailingCalls {
 public:
  /// From now on, the first `times` calls that begin with `call` fail with `error`.
  FailingCalls(std::string call, int error, int times = 1 << 30);
  /// From now on, the call number `nth` from here, whichever it is, fails with `error`; counted from 1.
  FailingCalls(int nth, int error);
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;
  ~FailingCalls();

  /// How many have failed.
  int failed_count() const noexcept { return failed_; }
  /// The last of them.
  const std::string& failed() const noexcept { return last_; }

  /// errno for this call, or 0 if it is to be made.
  static int error_for(const char* call, const std::string& detail = {});

 private:
  std::string call_;
  int error_;
  int times_;
  int nth_ = 0;
  int failed_ = 0;
  std::string last_;
};

}  // namespace arena_shm::test
