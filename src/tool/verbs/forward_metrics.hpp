// What forwarders say of themselves to Prometheus.
#pragma once

#include <string>
#include <vector>

#include "bridge/meter.hpp"

namespace arena_shm::tool {

struct Metered {
  std::string arena;
  std::string stream;
  const bridge::Meter* meter = nullptr;
};

/// In Prometheus's text exposition format.
std::string forward_page(const std::vector<Metered>& forwarders);

}  // namespace arena_shm::tool
