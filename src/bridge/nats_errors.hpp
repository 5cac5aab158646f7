// What went wrong at a server, as Error. No text of the server's that could contain a password.
#pragma once

#include <nats/nats.h>

#include <string>

#include "bridge/connection.hpp"

namespace arena_shm::bridge {

/// Throws unless all is well.
void check(natsStatus status, const std::string& where, const std::string& doing);
/// The same of a request to JetStream.
void check_jetstream(natsStatus status, jsErrCode code, const std::string& where, const std::string& doing);
/// Can the ring be forwarded into this stream?
void check_stream(const jsStreamInfo& info, const StreamWish& wish, const std::string& where);

}  // namespace arena_shm::bridge
