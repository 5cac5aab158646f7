// How wide what is printed may be.
#pragma once

#include <cstddef>

namespace arena_shm::terminal {

/// Columns of standard output: the terminal's; 100 where there is none.
std::size_t output_columns() noexcept;

}  // namespace arena_shm::terminal
