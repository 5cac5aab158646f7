// Forwarders of several rings, each in a thread of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/connection.hpp"
#include "serve/address.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

struct ForwardWish {
  std::vector<std::string> names;
  bridge::ServerOptions server;
  std::string stream = "{name}";
  std::string subject = "telemetry.{name}";
  bridge::StreamWish limits;  ///< of a stream that has to be made; without its name and subject
  std::uint64_t batch = 256;
  std::chrono::nanoseconds max_delay{};
  std::optional<std::string> where;
  std::string consumer;
  std::optional<std::chrono::nanoseconds> stall_exit;
  std::optional<serve::Address> listen;
  bool waits = false;  ///< for a server that is not there yet
};

/// Until a signal asks to stop. Errors: those of the first that fails; then the others are stopped. Code::unsupported,
/// if this program was built without the library for NATS.
terminal::ExitCode forward(const ForwardWish& wish);

}  // namespace arena_shm::tool
