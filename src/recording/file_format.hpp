// What kinds of recordings there are.
#pragma once

#include <cstdint>

namespace arena_shm::recording {

enum class FileFormat : std::uint8_t { npy, csv, ndjson, arrows, mcap };

/// Is a record kept byte for byte, so that one without a schema can be, too?
constexpr bool keeps_bytes(FileFormat format) noexcept {
  return format == FileFormat::npy || format == FileFormat::arrows;
}
/// Are its rows written block by block, as a BlockEncoder makes them?
constexpr bool has_blocks(FileFormat format) noexcept {
  return format == FileFormat::arrows || format == FileFormat::mcap;
}

}  // namespace arena_shm::recording
