// The command line of arena-bench, which the verb bench explains, completes and checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "terminal/command_line.hpp"

namespace arena_shm::bench {

/// What a workload is called. What it does is in bench/workloads/.
struct BenchTopic {
  std::string key;
  std::string title;
};

inline const std::vector<BenchTopic> kBenchTopics{
    {"W1", "one alloc, one writer alone"},
    {"W2", "one writer, one reader that follows"},
    {"W3", "one-way latency between two processes"},
    {"W4", "several writers at once"},
    {"W5", "one writer, several readers"},
    {"W6", "waking a reader that sleeps"},
    {"W7", "more seats, more slots"},
    {"W8", "memory"},
    {"W9", "a writer while somebody records it"},
    {"W10", "reading values already in the ring"},
    {"W11", "1 to 64 threads that write"},
    {"W12", "writers that wait for a consumer"},
    {"W13", "printing what matches a filter"},
    {"W14", "a full ring into a file, by format"},
};

struct BenchCommandLine {
  bool quick = false;
  bool full = false;
  std::vector<std::string> only;
  std::vector<int> cpus;
  std::size_t rounds = 0;  ///< 0: not given
  std::optional<double> slice_s;
  std::optional<std::uint64_t> slice_ms;  ///< the old spelling
  std::string format = "table";
  std::string plot_path;
};

/// Adds the options that fill it in. Requires: `line` outlives the app.
void add_bench_options(const terminal::Command& app, BenchCommandLine& line);

inline constexpr const char* kBenchSummary =
    "Measure how fast arena-shm is on this machine, beside bare memory operations and other queues";

/// What else there is to know: the workloads, and how they are measured.
std::string bench_details();

}  // namespace arena_shm::bench
