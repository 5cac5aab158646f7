// Where a NATS server is, and who asks: of the verbs that go beyond this host.
#pragma once

#include "bridge/connection.hpp"
#include "terminal/command_line.hpp"

namespace arena_shm::tool {

/// Adds `name` ("--to"), which is required, --creds and --tls-ca to a verb.
void add_server_options(const terminal::Command& verb, const char* name, bridge::ServerOptions& server);

}  // namespace arena_shm::tool
