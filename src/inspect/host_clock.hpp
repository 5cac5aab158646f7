// The clock that the times of values would be read from.
#pragma once

#include "inspect/host.hpp"

namespace arena_shm::inspect {

/// Which one an arena gets that is created now.
Symptom examine_clock();

}  // namespace arena_shm::inspect
