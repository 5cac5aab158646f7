// Giving rows to the other end of a pipe one by one, so that it is known which of them it has taken.
#pragma once

#include "core/output_closed.hpp"

namespace arena_shm::terminal {

/// Standard output as a pipe: what is written fits, and whether anybody reads it cannot be told by the write. This asks
/// the pipe. As long as it lives, the pipe has room for one page, so that it can be waited for until it is empty
/// (pipe(7), F_SETPIPE_SZ): poll says of such a pipe that there is room only when nothing is left in it.
/// Thread safety: none.
class Handover {
 public:
  Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;
  ~Handover();

  /// Is it a pipe? Else nothing can be known, and what is written counts as taken.
  bool is_pipe() const noexcept { return is_pipe_; }
  /// Waits until the pipe is empty. Returns: false if a stop is requested while it is not.
  /// Errors: OutputClosed, if the reader has gone away and left something in it.
  bool await_taken() const;

 private:
  bool is_pipe_;
  int usual_bytes_ = 0;  // how much room the pipe had; 0: it has not been changed
};

}  // namespace arena_shm::terminal
