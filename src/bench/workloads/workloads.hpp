// The workloads W1 to W14. Each is a file of its own, and brings out rows.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "bench/bench_command_line.hpp"
#include "bench/harness/results.hpp"
#include "bench/harness/settings.hpp"

namespace arena_shm::bench {

using Rows = std::vector<Row>;

Rows cost_alone(const Settings& settings);       // W1
Rows follow(const Settings& settings);           // W2
Rows latency(const Settings& settings);          // W3
Rows writers_at_once(const Settings& settings);  // W4
Rows readers_at_once(const Settings& settings);  // W5
Rows wake_up(const Settings& settings);          // W6
Rows growth(const Settings& settings);           // W7
Rows memory(const Settings& settings);           // W8
Rows recorded(const Settings& settings);         // W9
Rows reading_alone(const Settings& settings);    // W10
Rows writing_threads(const Settings& settings);  // W11
Rows lossless(const Settings& settings);         // W12
Rows filtered(const Settings& settings);         // W13
Rows formats(const Settings& settings);          // W14

struct Workload : BenchTopic {
  Rows (*run)(const Settings&);
  bool needs_two_cpus;
};

const std::vector<Workload>& workloads();

/// Tells the user where the run is.
inline void tell(const std::string& workload, const std::string& group) {
  std::fprintf(stderr, "arena-bench: measuring %s: %s\n", workload.c_str(), group.c_str());
}

inline void append(Rows& all, Rows&& more) {
  for (Row& row : more) all.push_back(std::move(row));
}

}  // namespace arena_shm::bench
