#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {"W1", "one alloc, one writer alone", cost_alone, false},
      {"W2", "one writer, one reader that follows", follow, true},
      {"W3", "one-way latency between two processes", latency, true},
      {"W4", "several writers at once", writers_at_once, true},
      {"W5", "one writer, several readers", readers_at_once, true},
      {"W6", "waking a reader that sleeps", wake_up, true},
      {"W7", "as things grow", growth, false},
      {"W8", "memory", memory, false},
  };
  return all;
}

}  // namespace arena_shm::bench
