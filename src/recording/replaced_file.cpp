#include "recording/replaced_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>

#include "arena_shm/core/system.hpp"
#include "core/output_closed.hpp"
#include "core/patient_write.hpp"

namespace arena_shm::recording {

namespace {

// Returns 0, or errno.
int write_to(core::Descriptor file, std::string_view text) {
  if (!file) return errno;
  const core::PatientWrite written = core::write_patiently(file.get(), text);
  if (written.error != 0) return written.error;
  return ::close(file.release()) != 0 && errno != EINTR ? errno : 0;
}

int replace(const std::string& target, std::optional<mode_t> mode, std::string_view text) {
  constexpr mode_t kMode = 0666;  // the umask applies
  const std::string draft = fmt::format("{}.{}.new", target, ::getpid());
  core::Descriptor file(core::open_above_standard(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, kMode));
  if (!file) return errno;
  int error = mode && ::fchmod(file.get(), *mode) != 0 ? errno : 0;
  if (error == 0) error = write_to(std::move(file), text);
  if (error == 0 && std::rename(draft.c_str(), target.c_str()) != 0) error = errno;
  if (error != 0) std::remove(draft.c_str());
  return error;
}

}  // namespace

void replace_file(const std::string& path, std::string_view text) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  int error = 0;
  if (exists && !S_ISREG(status.st_mode)) {
    error = write_to(core::Descriptor(core::open_above_standard(path.c_str(), O_WRONLY)), text);
  } else {
    std::error_code ignored;
    const std::filesystem::path target = std::filesystem::weakly_canonical(path, ignored);
    const auto mode = exists ? std::optional<mode_t>(status.st_mode & 07777U) : std::nullopt;
    error = replace(target.empty() ? path : target.string(), mode, text);
  }
  if (error == EPIPE) throw core::OutputClosed{};
  if (error != 0) core::throw_errno(error, core::Act::write_file, "write to", path);
}

}  // namespace arena_shm::recording
