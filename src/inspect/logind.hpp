// What systemd-logind does to shared memory.
#pragma once

#include <optional>
#include <string>

namespace arena_shm::inspect {

/// RemoveIPC, as logind.conf(5) and its drop-ins say it last; nothing if they do not.
std::optional<std::string> remove_ipc_setting();

}  // namespace arena_shm::inspect
