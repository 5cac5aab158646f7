#include "core/text_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>

#include "arena_shm/core/system.hpp"

namespace arena_shm::core {

std::optional<std::string> text_of(const std::string& path) {
  const Descriptor file(open_above_standard(path.c_str(), O_RDONLY));
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t got = ::read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
}

std::optional<std::string> first_line_of(const std::string& path) {
  std::optional<std::string> text = text_of(path);
  if (!text || text->empty()) return std::nullopt;
  text->resize(std::min(text->find('\n'), text->size()));
  return text;
}

std::vector<std::string> names_in(const std::string& path) {
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  std::vector<std::string> names;
  Descriptor file(open_above_standard(path.c_str(), O_RDONLY | O_DIRECTORY));
  if (!file) return names;
  const std::unique_ptr<DIR, Close> directory(::fdopendir(file.get()));
  if (!directory) return names;
  static_cast<void>(file.release());  // it is the DIR's now
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  errno = 0;
  return names;
}

}  // namespace arena_shm::core
