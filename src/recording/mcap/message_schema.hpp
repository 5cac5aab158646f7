// What the messages of an MCAP recording look like, as JSON Schema; and those that tell of events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arena_shm/options.hpp"
#include "recording/row_notes.hpp"
#include "schema/schema.hpp"

namespace arena_shm::recording::mcap {

/// Of a row, as NDJSON has it. Types are single words: Foxglove and Lichtblick refuse the whole channel where one is a
/// list, so no type says what else may come: null for NaN, a text for an infinity, a number for a value of an enum that
/// has no name. The schema's description does.
std::string row_schema_json(const schema::Schema& row, const std::string& title, bool quote_int64);
/// Of an event.
std::string event_schema_json();

/// {"event":"gap","first":100,"last":104,"step":1,"count":5,"cause":"overwritten","text":"gap: 100..104 (...)"}
std::string gap_event(const PlacedGap& placed);
/// {"event":"restarted","epoch":"..."}
std::string restart_event(const std::string& epoch);

/// What an event says, one of both.
struct Event {
  std::optional<Gap> gap;
  std::optional<std::string> epoch;
};
Event parse_event(std::string_view message);

}  // namespace arena_shm::recording::mcap
