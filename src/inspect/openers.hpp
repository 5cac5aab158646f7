// Whether anybody has a segment's file open, as the kernel knows it.
#pragma once

#include <cstdint>

#include "inspect/image.hpp"

namespace arena_shm::inspect {

enum class Openers : std::uint8_t {
  none,     ///< but this image: no process has it open or mapped, of whatever user and pid namespace, and no descriptor
            ///< of it is on its way through a socket
  some,     ///< perhaps only for a moment, as another look like this one
  unknown,  ///< the kernel does not say: the file is another user's, or its file system has no leases
};

/// Asks for a write lease, fcntl(2), which the kernel grants only if there is no other open file description; and gives
/// it back at once. Whoever opens the file in between waits for so long. Sets SIGIO to be ignored.
Openers openers_of(const Image& image) noexcept;

}  // namespace arena_shm::inspect
