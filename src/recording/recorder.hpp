// An arena into files: what `record` and `snapshot` have in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "arena_shm/error.hpp"
#include "arena_shm/raw.hpp"
#include "recording/arena_stream.hpp"
#include "recording/attendant.hpp"
#include "recording/consumption.hpp"
#include "recording/recording_writer.hpp"

namespace arena_shm::recording {

/// When it ends by itself, at the latest.
struct Limits {
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t count = kNone;
  std::optional<std::chrono::nanoseconds> duration{};
};

/// How the records are to be stored. Texts need a schema. Errors: as schema_for, Code::incompatible_type.
RecordShape shape_for(const Info& info, const FileOptions& file, const std::string& as, Attendant& attendant);

/// What has become of it.
struct Recorded {
  std::optional<Error> failure;  ///< nothing came behind it
  std::uint64_t lost = 0;        ///< values
  std::string summary;           ///< how much there is for certain, and how much was lost
};

/// Records until all is there, the file is full, or the attendant says stop; is told of every gap.
/// Errors: OutputClosed; Error before the first value.
Recorded record_arena(const RawView& view, const Extent& extent, const Limits& limits, const FileOptions& file,
                      const std::string& as, Attendant& attendant);

/// The same as a consumer that writers wait for, whose rows are appended to what an earlier run has left in the file. A
/// run that is killed, at any instruction, and started again, has every value once.
/// Errors: as record_arena; require_lossless, RawArena::consumer; Code::invalid_argument, if the file has rows and the
/// arena does not keep the place of such a consumer; RecordingWriter::resume.
Recorded record_consumer(const RawArena& arena, const ConsumerWish& wish, const Limits& limits, FileOptions file,
                         const std::string& as, const std::optional<std::string>& where, Attendant& attendant);

/// The same of whatever arena has the name: waits for the first one, and ends, with a failure, if one that takes its
/// place holds other records. `from`: as on the command line, and where lost values count: but for the oldest, from
/// there on. The others as in Extent.
struct NamedExtent {
  From from = From::oldest;
  bool from_is_exact = false;  ///< as Extent::first_is_exact
  std::optional<Order> order{};
  TimeSpan span{};
  std::optional<std::string> where{};
};
Recorded record_name(const std::string& name, const NamedExtent& extent, const Limits& limits, const FileOptions& file,
                     const std::string& as, Attendant& attendant);

}  // namespace arena_shm::recording
