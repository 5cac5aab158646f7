#include "arena_shm/core/system.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace arena_shm::core {
namespace {

struct Meaning {
  Code code;
  const char* found;
  const char* remedy;
};

Meaning meaning_of(int error) noexcept {
  switch (error) {
    case ENOENT:
      return {Code::not_found, "no arena of that name", "create it first, or see which there are: arena-shm list"};
    case EEXIST: return {Code::already_exists, "an arena of that name", "open it, remove it, or choose another name"};
    case EACCES:
    case EPERM:
      return {Code::permission_denied, "no permission", "ask its owner for a wider mode, or open it read-only"};
    case ELOOP: return {Code::not_an_arena, "a symbolic link", "arenas are never links; remove it"};
    case ENOSPC:
    case ENOMEM:
    case EDQUOT:
      return {Code::no_space, "no room",
              "make /dev/shm larger (mount -o remount,size=...), ask for fewer slots, or remove arenas"};
    case EFBIG: return {Code::file_size_limit, "a file-size limit", "raise it: ulimit -f unlimited"};
    case EMFILE:
    case ENFILE: return {Code::system, "no free descriptor", "raise the limit: ulimit -n"};
    case ENAMETOOLONG: return {Code::invalid_name, "a name that is too long", "choose a shorter one"};
    default: return {Code::system, "a failed system call", ""};
  }
}

}  // namespace

std::string errno_text(int error) { return std::generic_category().message(error); }

std::string octal_text(unsigned mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

void throw_errno(int error, const std::string& doing, const std::string& name) {
  const Meaning meaning = meaning_of(error);
  throw Error(meaning.code, {.name = name,
                             .doing = doing,
                             .expected = {},
                             .found = meaning.found,
                             .remedy = meaning.remedy,
                             .system_error = error});
}

Descriptor::~Descriptor() {
  if (fd_ < 0) return;
  const int saved = errno;
  ::close(fd_);
  errno = saved;
}

}  // namespace arena_shm::core
