// What mirrors say of themselves to Prometheus.
#pragma once

#include <string>
#include <vector>

#include "bridge/mirror_meter.hpp"

namespace arena_shm::tool {

struct MeteredMirror {
  std::string stream;
  bridge::MirrorReading reading;
};

/// In Prometheus's text exposition format.
std::string mirror_page(const std::vector<MeteredMirror>& mirrors);

}  // namespace arena_shm::tool
