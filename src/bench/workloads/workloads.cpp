#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {kBenchTopics[0], cost_alone, false},      {kBenchTopics[1], follow, true},
      {kBenchTopics[2], latency, true},          {kBenchTopics[3], writers_at_once, true},
      {kBenchTopics[4], readers_at_once, true},  {kBenchTopics[5], wake_up, true},
      {kBenchTopics[6], growth, false},          {kBenchTopics[7], memory, false},
      {kBenchTopics[8], recorded, true},         {kBenchTopics[9], reading_alone, false},
      {kBenchTopics[10], writing_threads, true}, {kBenchTopics[11], lossless, true},
      {kBenchTopics[12], filtered, false},       {kBenchTopics[13], formats, false},
  };
  return all;
}

}  // namespace arena_shm::bench
