// Named places in the protocol at which a test can stop or kill the process that runs through them. A test build
// (ARENA_SHM_STOP_POINTS) calls the hook there; any other build has nothing there, not even a branch.
#pragma once

#if defined(ARENA_SHM_STOP_POINTS)

namespace arena_shm::core {

/// Called with the point's name, if a test has set it. Set it before any other thread runs.
inline void (*stop_point_hook)(const char* name) = nullptr;

}  // namespace arena_shm::core

#define ARENA_SHM_STOP_POINT(name)                                                                \
  do {                                                                                            \
    if (::arena_shm::core::stop_point_hook != nullptr) ::arena_shm::core::stop_point_hook(#name); \
  } while (false)

#else
#define ARENA_SHM_STOP_POINT(name) static_cast<void>(0)
#endif
