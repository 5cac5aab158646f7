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
  std::uint64_t seq = 1;          ///< the first message to be read
  bool is_first = false;          ///< there is none before it in the stream
  std::optional<Epoch> newest{};  ///< the epoch of the stream's last message of ours; nothing if there is none
};

/// Is this message, which is one of that epoch, in the ring already?
using IsThere = std::function<bool(const Message&)>;

/// A message of ours; nothing if it is somebody else's, or none can be made of it.
std::optional<Message> message_of(const Stored& stored);

/// `margin`: how many messages before the first that is not there; as many as are needed to tell what is void.
/// Cost: a request for each doubling of the messages, and for each one in the way that is not ours.
/// Errors: as Connection; Code::not_found, if there is no such stream.
StreamBegin find_begin(Connection& connection, const std::string& stream, const IsThere& is_there,
                       std::uint64_t margin);

}  // namespace arena_shm::bridge
