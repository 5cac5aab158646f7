// An arena into files: what `record` and `snapshot` have in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "arena_shm/raw.hpp"
#include "tool/exit_code.hpp"
#include "tool/recording_writer.hpp"

namespace arena_shm::tool {

/// What of the arena is wanted.
struct Extent {
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t first = 0;
  bool first_is_exact = false;  ///< what was overwritten before the first value came counts as lost
  std::uint64_t end = kNoLimit;
  std::uint64_t count = kNoLimit;
  std::optional<std::chrono::nanoseconds> duration{};
};

/// How the records are to be stored. Texts need a schema. Errors: as schema_for, Code::incompatible_type.
RecordShape shape_for(const Info& info, const FileOptions& file, const std::string& as);

/// Records until all is there, the file is full, or a signal comes. Every gap is told on standard error, and at the end
/// how much there is and how much was lost; an error of the file is reported here, with what is safe.
/// Errors: OutputClosed; Error before the first value.
ExitCode record_arena(const RawView& view, const Extent& extent, const FileOptions& file, const std::string& as);

}  // namespace arena_shm::tool
