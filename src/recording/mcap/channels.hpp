// The channels of an MCAP recording: one of rows, one of what happened between them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "recording/mcap/records.hpp"
#include "recording/row_notes.hpp"

namespace arena_shm::recording::mcap {

inline constexpr std::uint16_t kRowChannel = 1;
inline constexpr std::uint16_t kEventChannel = 2;

/// Marks the channel of events; that of rows has those of notes_of.
inline constexpr std::string_view kEventsNote = "arena_shm.events";

/// A channel, with the schema that it alone has, which has its number.
struct NewChannel {
  std::uint16_t id;
  std::string topic;
  std::string type;
  std::string schema;
  Notes notes;
};
void put_channel(std::string& out, const NewChannel& channel);

/// Of whole records, those of this kind.
std::string records_of(std::string_view records, Opcode opcode);

struct Channel {
  std::uint16_t id = 0;
  std::string topic;
  std::string encoding;
  Notes notes;
};
/// Nothing, if it is none.
std::optional<Channel> parse_channel(std::string_view content);

}  // namespace arena_shm::recording::mcap
