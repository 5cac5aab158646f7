// One capture: the file, and which values go into it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/raw.hpp"
#include "recording/arena_stream.hpp"
#include "recording/attendant.hpp"
#include "recording/capture.hpp"
#include "recording/recording_writer.hpp"
#include "recording/row.hpp"
#include "recording/value_clock.hpp"

namespace arena_shm::recording {

/// A hand, and a signal, is looked for again after so long, and after so many values, at the latest.
inline constexpr std::chrono::milliseconds kBetweenHands{50};
inline constexpr std::uint64_t kValuesBetweenHands = 1024;

/// What has set it off.
struct Trigger {
  std::optional<std::uint64_t> seq{};  ///< of the value; none: by hand
  std::optional<std::int64_t> ns{};    ///< its time, or when the hand did it; since 1970
  std::vector<std::uint64_t> next{};   ///< of each lane, behind what had been looked at
};

/// Reads the arena once more from before the trigger on.
/// Thread safety: none.
class CaptureShot {
 public:
  /// `saved`: of each lane, what may be in this file at the earliest. `shape`: of the records, without the column of
  /// the trigger. Requires: all of them stay there. Errors: as ArenaStream and RecordingWriter.
  CaptureShot(const RawView& view, const RecordShape& shape, const CaptureWish& wish, const Trigger& trigger,
              const Position& saved, const FileOptions& file, Hand& hand, Attendant& attendant);

  /// Writes until all is there, the attendant says stop, or no more can come. Who triggers meanwhile gets an answer,
  /// and no other file. Errors: RecordingFile's; the file is then as after a crash.
  void run();

  /// Of each lane, behind what is in the file.
  Position end() const { return Position(next_); }
  std::uint64_t lost() const noexcept { return lost_; }
  /// How many values, where the trigger is, and what the ring did not hold any more.
  std::string summary() const;

 private:
  using Clock = std::chrono::steady_clock;

  bool is_over_without_values() const;
  bool is_behind_end(std::optional<std::int64_t> ns) const;
  bool is_after() const;
  bool has_begun() const noexcept { return has_trigger_ || after_ > 0; }
  void take(std::optional<std::int64_t> ns);
  void add(const Gap& gap);
  std::string what_is_missing() const;

  const RawView& view_;
  const CaptureWish& wish_;
  const Trigger& trigger_;
  Hand& hand_;
  Attendant& attendant_;
  ValueClock clock_;
  Extent extent_;
  ArenaStream stream_;
  Row row_;
  RecordShape file_shape_;
  Row file_row_;
  RecordingWriter writer_;
  std::vector<std::uint64_t> next_;
  std::vector<Gap> gaps_;  // in front of the next row
  Clock::time_point begin_ = Clock::now();
  Clock::time_point newest_ = Clock::now();  // when the last value came
  std::uint64_t before_ = 0;                 // rows
  std::uint64_t after_ = 0;                  // rows, without the trigger's
  std::uint64_t lost_ = 0;
  std::optional<std::int64_t> first_ns_;  // of the first row
  std::uint64_t first_seq_ = 0;
  bool was_early_enough_ = false;  // a value was seen that is older than what is wanted
  bool has_trigger_ = false;
};

}  // namespace arena_shm::recording
