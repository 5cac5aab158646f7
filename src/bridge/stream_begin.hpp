// Where in a stream a mirror begins to read: its ring says how far it is, and the messages say how far they go.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "bridge/connection.hpp"
#include "bridge/message.hpp"
#include "bridge/mirror_ring.hpp"

namespace arena_shm::bridge {

struct StreamBegin {
  std::uint64_t seq = 1;         ///< the first message to be read
  bool is_first = false;         ///< there is none before it in the stream
  std::optional<Epoch> epoch{};  ///< that is to begin with: messages of others are older. Nothing: with any
  std::uint64_t last = 0;        ///< the last message of that epoch
  bool is_of_others = false;     ///< it has nothing of the ring's, and something of others
};

/// Is this message, which is one of that epoch, in the ring already?
using IsThere = std::function<bool(const Message&)>;

/// A message of ours; nothing if it is somebody else's, or none can be made of it.
std::optional<Message> message_of(const Stored& stored);

/// `of_ring`: the epoch of the ring that there is. What the stream has of it comes first, and then all that is newer;
/// if it has nothing of it, all that there is; if that is too far back, from as far back as it looks. Without a ring,
/// the newest epoch only. `margin`: how many messages before the first that is not there; as many as are needed to tell
/// what is void. Cost: a request for each doubling of the messages, for each epoch, and for each one in the way that is
/// not ours. Errors: as Connection; Code::not_found, if there is no such stream.
StreamBegin find_begin(Connection& connection, const std::string& stream, const std::optional<Epoch>& of_ring,
                       const IsThere& is_there, std::uint64_t margin);

}  // namespace arena_shm::bridge
