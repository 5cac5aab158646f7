// An arena into files: what `record` and `snapshot` have in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "arena_shm/error.hpp"
#include "arena_shm/raw.hpp"
#include "recording/attendant.hpp"
#include "recording/recording_writer.hpp"

namespace arena_shm::recording {

/// What of the arena is wanted.
struct Extent {
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  Position first;
  bool first_is_exact = false;    ///< what was overwritten before the first value of its lane came counts as lost
  std::optional<Position> end{};  ///< of each lane
  std::uint64_t count = kNoLimit;
  std::optional<std::chrono::nanoseconds> duration{};
  std::optional<Order> order{};         ///< as order_for takes it
  std::optional<std::int64_t> since{};  ///< of each lane what is from this time on, in ns since 1970
};

/// How the records are to be stored. Texts need a schema. Errors: as schema_for, Code::incompatible_type.
RecordShape shape_for(const Info& info, const FileOptions& file, const std::string& as, Attendant& attendant);

/// What has become of it.
struct Recorded {
  std::optional<Error> failure;  ///< of the file: nothing came behind it
  std::uint64_t lost = 0;        ///< values
  std::string summary;           ///< how much there is for certain, and how much was lost
};

/// Records until all is there, the file is full, or the attendant says stop; is told of every gap.
/// Errors: OutputClosed; Error before the first value.
Recorded record_arena(const RawView& view, const Extent& extent, const FileOptions& file, const std::string& as,
                      Attendant& attendant);

}  // namespace arena_shm::recording
