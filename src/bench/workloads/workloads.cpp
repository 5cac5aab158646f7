#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {tool::kBenchTopics[0], cost_alone, false},     {tool::kBenchTopics[1], follow, true},
      {tool::kBenchTopics[2], latency, true},         {tool::kBenchTopics[3], writers_at_once, true},
      {tool::kBenchTopics[4], readers_at_once, true}, {tool::kBenchTopics[5], wake_up, true},
      {tool::kBenchTopics[6], growth, false},         {tool::kBenchTopics[7], memory, false},
      {tool::kBenchTopics[8], recorded, true},        {tool::kBenchTopics[9], reading_alone, false},
  };
  return all;
}

}  // namespace arena_shm::bench
