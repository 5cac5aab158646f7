#include "recording/temporary_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/output_closed.hpp"

namespace arena_shm::recording {

core::Descriptor temporary_file() {
  std::error_code failure;
  const std::filesystem::path directory = std::filesystem::temp_directory_path(failure);
  std::string path = ((failure ? "/tmp" : directory) / "arena-shm-XXXXXX").string();
  core::Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) core::throw_errno(errno, core::Act::make_file, "create a temporary file", path);
  ::unlink(path.c_str());
  return file;
}

void copy_all(int source, const std::string& source_name, int target, const std::string& target_name) {
  std::array<char, 1 << 16> block;
  for (;;) {
    const ssize_t got = ::read(source, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) core::throw_errno(errno, core::Act::read_file, "read from", source_name);
    if (got == 0) return;
    for (ssize_t at = 0; at < got;) {
      const ssize_t written = ::write(target, block.data() + at, static_cast<std::size_t>(got - at));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0 && errno == EPIPE) throw core::OutputClosed{};
      if (written < 0) core::throw_errno(errno, core::Act::write_file, "write to", target_name);
      at += written;
    }
  }
}

}  // namespace arena_shm::recording
