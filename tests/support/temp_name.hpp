// Names for segments of tests: no two tests, and no two runs at once, share one.
#pragma once

#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

namespace arena_shm::test {

/// A name that nobody else uses. The segment of that name is removed when this goes, but not by a forked child.
class TempName {
 public:
  TempName() : name_("arena-test." + std::to_string(::getpid()) + "." + std::to_string(next_++)) {}
  TempName(const TempName&) = delete;
  TempName& operator=(const TempName&) = delete;
  ~TempName() {
    if (::getpid() == owner_) ::unlink(path().c_str());
  }

  const std::string& str() const noexcept { return name_; }
  std::string path() const { return "/dev/shm/" + name_; }
  operator std::string_view() const noexcept { return name_; }

 private:
  inline static std::atomic<int> next_{0};
  std::string name_;
  pid_t owner_ = ::getpid();
};

}  // namespace arena_shm::test
