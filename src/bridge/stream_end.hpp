// How far a ring's stream is: the stream itself is the cursor.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "bridge/connection.hpp"
#include "bridge/message.hpp"

namespace arena_shm::bridge {

/// A valid message, as far as the next one has to know it.
struct Place {
  std::uint64_t seq = 0;            ///< of the stream
  std::chrono::nanoseconds time{};  ///< when it was stored
  Link link;
  std::array<std::uint8_t, 16> epoch{};
  std::vector<std::uint64_t> next;
  Tally tally;
};

struct StreamEnd {
  StreamState state;
  std::optional<Place> place{};  ///< of the last valid message; nothing if there is none any more
  std::uint64_t foreign = 0;     ///< how many behind it are not ours, or void
};

/// Reads what the stream ends with; makes it if it is not there. `known`: a message that is valid for certain, and
/// that is believed if nothing has come since, even if it has been removed. Cost: some requests, and one more for each
/// message that is not ours behind the last of ours, or not known to be valid, 256 at most.
/// Errors: as Connection; Code::invalid_argument, if too many of the last messages are not ours.
StreamEnd look(Connection& connection, const StreamWish& wish, const std::optional<Place>& known);

/// Each run begins with a schema, and no more messages than that come between two of them.
inline constexpr std::uint64_t kBetweenSchemas = 1000;

/// When the ring was made that this message is of, as its schema says, in ns since 1970; nothing, if the stream has
/// dropped that. Cost: a request for each message in between. Errors: as Connection.
std::optional<std::int64_t> created_ns_of(Connection& connection, const StreamWish& wish, const Place& place);

}  // namespace arena_shm::bridge
