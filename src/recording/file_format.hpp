// What kinds of recordings there are.
#pragma once

#include <cstdint>

namespace arena_shm::recording {

enum class FileFormat : std::uint8_t { npy, csv, ndjson };

}  // namespace arena_shm::recording
