// Names that were not understood, and arenas that could not be looked at.
#pragma once

#include <string>

#include "arena_shm/error.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::terminal {

/// "skipped 'ticks': no free descriptor in this process; close some, or raise the limit: ulimit -n"
std::string skipped_text(const Error& error);

/// Is it a failure if the arena was left out for that? Another user's may be; for anything else the exit code is not 0.
bool is_failure(const Error& error) noexcept;

/// What a verb that looks at several arenas ends with: the first exit code that is not ok.
class Verdict {
 public:
  void add(ExitCode code) noexcept {
    if (code_ == ExitCode::ok) code_ = code;
  }
  /// One was left out for that.
  void add_skipped(const Error& error) noexcept;
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_ = ExitCode::ok;
};

/// Notes that one was left out, and counts it.
void note_skipped(const Error& error, Verdict& verdict);

}  // namespace arena_shm::terminal
