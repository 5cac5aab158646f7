#include "arena_shm/core/system.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "core/errno_meaning.hpp"

namespace arena_shm::core {

std::string errno_text(int error) { return std::generic_category().message(error); }

std::string octal_text(unsigned mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

void throw_errno(int error, Act act, const std::string& doing, const std::string& name) {
  Meaning meaning = meaning_of(error, act);
  throw Error(meaning.code, {.name = name,
                             .doing = doing,
                             .expected = {},
                             .found = std::move(meaning.found),
                             .remedy = std::move(meaning.remedy),
                             .system_error = error});
}

Descriptor::~Descriptor() {
  if (fd_ < 0) return;
  const int saved = errno;
  ::close(fd_);
  errno = saved;
}

}  // namespace arena_shm::core
