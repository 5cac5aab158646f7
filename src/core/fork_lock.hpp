// Keeps fork(2) out while a descriptor is open that a child must not inherit.
#pragma once

#include <mutex>

namespace arena_shm::core {

/// Locked by fork itself (pthread_atfork), and by whoever holds a lease through a descriptor.
std::mutex& fork_lock();

}  // namespace arena_shm::core
