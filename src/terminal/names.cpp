#include "terminal/names.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/segment_files.hpp"
#include "terminal/output.hpp"

namespace arena_shm::terminal {

namespace {

bool is_own(const std::string& arena) noexcept {
  struct stat status {};
  return ::lstat(core::path_of(arena).c_str(), &status) == 0 && status.st_uid == ::geteuid();
}

}  // namespace

bool is_failure(const Error& error) noexcept { return error.code() != Code::permission_denied || is_own(error.name()); }

std::string skipped_text(const Error& error) {
  if (!is_failure(error)) return fmt::format("skipped '{}': no permission to read it", error.name());
  return fmt::format("skipped '{}': found {}; {}", error.name(), error.found(), error.remedy());
}

void Verdict::add_skipped(const Error& error) noexcept {
  if (is_failure(error)) add(ExitCode::failed);
}

void note_skipped(const Error& error, Verdict& verdict) {
  note(skipped_text(error));
  verdict.add_skipped(error);
}

}  // namespace arena_shm::terminal
