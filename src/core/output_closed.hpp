// The end of a program that writes into a pipe.
#pragma once

namespace arena_shm::core {

/// Thrown when nobody reads what is written any more, as behind `| head`. Not an error.
struct OutputClosed {};

}  // namespace arena_shm::core
