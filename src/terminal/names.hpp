// Names that were not understood, and arenas that could not be looked at.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/error.hpp"

namespace arena_shm::terminal {

/// "skipped 'ticks': no free descriptor in this process; close some, or raise the limit: ulimit -n"
std::string skipped_text(const Error& error);

/// Is it a failure if the arena was left out for that? Another user's may be; for anything else the exit code is not 0.
bool is_failure(const Error& error) noexcept;

/// Notes what was skipped, and remembers whether that was a failure.
class Skipped {
 public:
  void operator()(const Error& error);
  bool has_failed() const noexcept { return failed_; }

 private:
  bool failed_ = false;
};

/// The candidate that is most like the word, if one is near enough to be a misspelling of it.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace arena_shm::terminal
