#include "core/proc_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "arena_shm/core/process.hpp"

namespace arena_shm::core {
namespace {

template <class T>
std::optional<T> number(std::string_view text) noexcept {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Fewer only at the end of the file; nothing if it cannot be read.
std::optional<std::size_t> read_up_to(int fd, char* buffer, std::size_t size) noexcept {
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::read(fd, buffer + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

}  // namespace

ProcPath& ProcPath::add(std::string_view text) noexcept {
  const std::size_t count = std::min(text.size(), text_.size() - 1 - size_);
  std::memcpy(text_.data() + size_, text.data(), count);
  size_ += count;
  return *this;
}

ProcPath& ProcPath::add(std::uint64_t number, int base) noexcept {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  return add({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

std::string_view read_start(const ProcPath& path, char* buffer, std::size_t size) noexcept {
  const NoCancel no_cancel;
  const Descriptor file(open_above_standard(path.c_str(), O_RDONLY));
  if (!file) return {};
  const std::optional<std::size_t> have = read_up_to(file.get(), buffer, size);
  return have ? std::string_view(buffer, *have) : std::string_view();
}

std::optional<bool> has_text(const ProcPath& path, std::string_view text) noexcept {
  constexpr std::size_t kLongest = 64;
  const NoCancel no_cancel;
  const Descriptor file(open_above_standard(path.c_str(), O_RDONLY));
  if (!file || text.size() > kLongest) return std::nullopt;
  std::array<char, kLongest + 4096> buffer;  // the end of the part before, and a part
  for (std::size_t kept = 0;;) {
    const std::optional<std::size_t> got = read_up_to(file.get(), buffer.data() + kept, buffer.size() - kept);
    if (!got) return std::nullopt;
    const std::string_view have(buffer.data(), kept + *got);
    if (have.find(text) != std::string_view::npos) return true;
    if (have.size() < buffer.size()) return false;
    kept = kLongest;
    std::memmove(buffer.data(), buffer.data() + buffer.size() - kept, kept);
  }
}

std::optional<TaskStat> parse_stat(std::string_view text) noexcept {
  const std::size_t close = text.rfind(')');  // field 2, the command, may hold anything
  if (close == std::string_view::npos || close + 2 >= text.size()) return std::nullopt;
  text.remove_prefix(close + 2);
  TaskStat stat;
  bool whole = false;
  for (int field = 3; !text.empty(); ++field) {
    const std::size_t end = text.find_first_of(" \n");
    if (end == std::string_view::npos) return std::nullopt;  // it may have been cut off in the middle of a number
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end + 1);
    const auto value = number<std::uint64_t>(word);
    if (field == 3) stat.state = word.empty() ? '?' : word.front();
    if ((field == 9 || field == 20 || field == 22) && !value) return std::nullopt;
    if (field == 9) stat.flags = *value;
    if (field == 20) stat.threads = *value;
    if (field != 22) continue;
    stat.start_time = *value;
    whole = true;
    break;
  }
  if (!whole) return std::nullopt;
  return stat;
}

std::optional<TaskStat> read_stat(const ProcPath& path) noexcept {
  std::array<char, 1024> buffer;
  errno = 0;
  const std::string_view text = read_start(path, buffer.data(), buffer.size());
  if (text.empty()) return std::nullopt;
  errno = 0;
  return parse_stat(text);
}

NumberedEntries::NumberedEntries(const ProcPath& directory) noexcept
    : directory_(open_above_standard(directory.c_str(), O_RDONLY | O_DIRECTORY)) {}

bool NumberedEntries::fill() noexcept {
  if (!directory_) return false;
  const long got = ::syscall(SYS_getdents64, directory_.get(), buffer_.data(), buffer_.size());
  whole_ = got == 0;
  begin_ = 0;
  end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
  return got > 0;
}

std::optional<std::uint64_t> NumberedEntries::next() noexcept {
  while (begin_ < end_ || fill()) {
    const char* entry = buffer_.data() + begin_;
    std::uint16_t length = 0;
    std::memcpy(&length, entry + offsetof(dirent64, d_reclen), sizeof(length));
    const char* name = entry + offsetof(dirent64, d_name);
    begin_ += length;
    if (const auto value = number<std::uint64_t>(name)) return value;
  }
  return std::nullopt;
}

}  // namespace arena_shm::core
