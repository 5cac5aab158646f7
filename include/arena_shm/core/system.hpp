// The one place that turns errno into an Error, and a descriptor that closes itself.
#pragma once

#include <string>
#include <utility>

#include "arena_shm/error.hpp"

namespace arena_shm::core {

/// "No such file or directory", without strerror's data race.
std::string errno_text(int error);

/// "0644".
std::string octal_text(unsigned mode);

/// Throws what `error`, met while `doing` something with arena `name`, means to the user.
[[noreturn]] void throw_errno(int error, const std::string& doing, const std::string& name);

/// Owns a descriptor. Closing keeps errno.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace arena_shm::core
