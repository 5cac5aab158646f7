// What a core dump has of our mappings: nothing, unless it is asked for.
#pragma once

#include <cstddef>

namespace arena_shm::core {

/// The environment variable that asks for it: anything but "" and "0".
inline constexpr const char* kDumpVariable = "ARENA_SHM_DUMP";

/// Leaves the mapping out of core dumps (MADV_DONTDUMP). The kernel would else write a segment whose name is gone whole
/// into the core of each process that has it mapped, as if it were that process's own memory. A system that cannot do
/// it is no reason to fail. Keeps errno.
void keep_out_of_dumps(void* address, std::size_t bytes) noexcept;

}  // namespace arena_shm::core
