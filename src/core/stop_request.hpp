// A request that the program come to an end, as SIGINT or SIGTERM make it: what may take for ever looks at it.
#pragma once

#include <csignal>

namespace arena_shm::core {

inline volatile std::sig_atomic_t stop_request = 0;  ///< set by signal handlers, never reset

inline bool stop_requested() noexcept { return stop_request != 0; }

}  // namespace arena_shm::core
