// Writing into an arena until it works or somebody says stop.
#pragma once

#include <cstddef>
#include <span>

#include "arena_shm/raw.hpp"
#include "recording/attendant.hpp"

namespace arena_shm::recording {

/// Waits while stopped writers hold every slot. False, and nothing is written, if a stop is requested meanwhile.
/// Errors: as RawWriter::try_alloc.
bool put_unless_stopped(RawWriter& writer, std::span<const std::byte> record, const Attendant& attendant);

}  // namespace arena_shm::recording
