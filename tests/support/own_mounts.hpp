// Children that see other mounts than their test, and checks inside of them.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <cstdio>

#include "support/child.hpp"

namespace arena_shm::test {

/// What a child returns that was not permitted to make what its test needs.
inline constexpr int kNotPermitted = 77;

/// Runs `body` in a child with a mount namespace of its own; "exit 77" where that is not permitted.
template <class Body>
Child with_own_mounts(Body body) {
  return Child([body] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      return kNotPermitted;
    return body();
  });
}

inline bool mount_tmpfs(const char* where, const char* options, unsigned long flags = 0) {
  return ::mount("arena-shm-test", where, "tmpfs", flags, options) == 0;
}

/// Says where a check of a child failed, and ends it.
#define CHILD_CHECK(condition)                                            \
  if (!(condition)) {                                                     \
    std::fprintf(stderr, "line %d: %s is wrong\n", __LINE__, #condition); \
    return 1;                                                             \
  }                                                                       \
  static_cast<void>(0)

}  // namespace arena_shm::test
