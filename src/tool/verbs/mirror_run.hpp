// Mirrors of one stream, or of several, each in a thread of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/connection.hpp"
#include "serve/address.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

struct MirrorWish {
  bridge::ServerOptions server;
  std::string stream;       ///< or a pattern of subjects
  std::string name;         ///< of the ring; empty: the origin's
  std::uint64_t slots = 0;  ///< of each lane; 0: as many as the origin has
  bool waits = false;       ///< for a server, and a stream, that are not there yet
  std::optional<serve::Address> listen;
};

/// Is it a pattern of subjects, and not a stream?
bool is_subject_pattern(std::string_view text) noexcept;

/// Until a signal asks to stop. Errors: as bridge::Mirror::run; Code::unsupported, if this program was built without
/// the library for NATS.
terminal::ExitCode mirror(const MirrorWish& wish);

}  // namespace arena_shm::tool
