// Arenas of this host whose writers are held up.
#pragma once

#include <vector>

#include "inspect/host.hpp"

namespace arena_shm::inspect {

/// Appends a warning for each lossless arena that is full because of somebody who does not go on, or whom a writer
/// waits for; if there is none, one symptom that says so. What cannot be looked at is left out.
void examine_consumers(std::vector<Symptom>& symptoms);

}  // namespace arena_shm::inspect
