// What formats that describe themselves say of a recording besides its rows, as texts: under the same names in each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arena_shm/options.hpp"
#include "recording/row.hpp"

namespace arena_shm::recording {

// Of the file.
inline constexpr std::string_view kVersionNote = "arena_shm.version";           // of these notes: "1"
inline constexpr std::string_view kArenaNote = "arena_shm.arena";               // RowOrigin
inline constexpr std::string_view kTypeNote = "arena_shm.type";                 // RowOrigin
inline constexpr std::string_view kEpochNote = "arena_shm.epoch";               // RowOrigin
inline constexpr std::string_view kLanesNote = "arena_shm.lanes";               // RowOrigin
inline constexpr std::string_view kSchemaNote = "arena_shm.schema";             // as schema_json.hpp has it
inline constexpr std::string_view kTimeFieldNote = "arena_shm.time_field";      // Schema::time_field
inline constexpr std::string_view kRecordBytesNote = "arena_shm.record_bytes";  // RecordShape::size_bytes
inline constexpr std::string_view kHasTimeNote = "arena_shm.has_time";          // RecordShape::has_time: "1", "0"

using Notes = std::vector<std::pair<std::string, std::string>>;

/// Those of the file.
Notes notes_of(const RecordShape& record);

/// What such notes say. From a source that is not trusted.
struct NotedShape {
  RecordShape record;  ///< has_time apart
  std::optional<bool> has_time;
};
/// Nothing, if they are not ours, or of a later version. Errors: as schema::parse_json.
std::optional<NotedShape> parse_notes(const Notes& notes);

/// A gap, and before which row of the file it is, counted from 0.
struct PlacedGap {
  std::uint64_t row = 0;
  Gap gap;
};

/// [{"row":12,"first":100,"last":104,"step":1,"count":5,"cause":"overwritten"}]
std::string to_json(const std::vector<PlacedGap>& gaps);
/// What is no such gap is left out.
std::vector<PlacedGap> parse_gaps(std::string_view text);

}  // namespace arena_shm::recording
