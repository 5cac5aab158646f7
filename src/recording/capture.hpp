// What an arena held before something happened, and what came after it, as an oscilloscope keeps it: pre- and
// post-trigger, a file for each time.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "arena_shm/error.hpp"
#include "recording/attendant.hpp"
#include "recording/recording_writer.hpp"

namespace arena_shm::recording {

/// The column beside the record that is 1 in the row that triggered, and 0 in all others.
inline constexpr const char* kTriggerColumn = "_trigger";

/// How much is wanted on one side of a trigger: so much time, or so many values.
struct Span {
  std::optional<std::chrono::nanoseconds> time{};
  std::uint64_t values = 0;  ///< if no time is given. Before a trigger, of each lane
};

struct CaptureWish {
  std::string when{};  ///< a filter's expression; empty: by hand only
  Span before{};
  Span after{};
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();  ///< ends after so many
  std::chrono::nanoseconds holdoff{};  ///< so long after a trigger, by the time of the values, there is no other
};

/// Who triggers by hand.
class Hand {
 public:
  virtual ~Hand() = default;
  /// Has somebody triggered since it was asked last? Cost: at most a few system calls.
  virtual bool was_pulled() = 0;
};

struct Captured {
  std::optional<Error> failure{};  ///< nothing came behind it
  std::uint64_t lost = 0;          ///< values that were not looked at, or are missing in a file
  std::string summary{};
};

/// Watches whatever arena has the name from its newest value on, and waits for it if there is none. Ends after
/// `wish.count` times, or when the attendant says stop: then the file that is being written is finished.
///
/// The values are those that the ring still holds, in the order of record_arena; the attendant is told if it did not
/// hold all of them any more. A file begins behind the last value of the one before: no value is in two of them. They
/// are numbered STEM.1.EXTENSION, and so on, behind those that are there; none is replaced. Where the values have no
/// times of their own, a span by time cannot be. Errors: Code::system, if the file's directory
/// is not there or cannot be written to; Code::invalid_argument, if the filter does not fit the records, or a span by
/// time has no times; as record_arena. After the first arena they are told as the failure.
Captured capture(const std::string& name, const CaptureWish& wish, const FileOptions& file, const std::string& as,
                 Hand& hand, Attendant& attendant);

}  // namespace arena_shm::recording
