#include "bench/bench_command_line.hpp"

#include <limits>

#include "terminal/quantity_options.hpp"

namespace arena_shm::bench {

void add_bench_options(const terminal::Command& app, BenchCommandLine& line) {
  std::vector<std::string> keys;
  for (const BenchTopic& topic : kBenchTopics) keys.push_back(topic.key);
  const terminal::Option quick = app.add_flag("--quick", line.quick, "What the goals need; about 40 seconds");
  app.add_flag("--long", line.full, "All sizes, more rounds; some minutes").excludes(quick);
  app.add_option("--only", line.only, "These workloads: W1,W3")
      .delimiter(',')
      .type_name("LIST")
      .check(terminal::one_of(keys));
  app.add_option("--cpus", line.cpus, "CPUs to run on, the first writes; default: all that are allowed")
      .delimiter(',')
      .type_name("LIST");
  app.add_option("--rounds", line.rounds, "Slices of each contestant that count; default: 9, with --long 25")
      .check(terminal::count({.least = 1, .most = std::numeric_limits<int>::max()}))
      .type_name("N");
  app.add_option("--slice-ms", line.slice_ms, "Length of a slice")
      .check(terminal::count({.least = 1, .most = std::numeric_limits<int>::max()}))
      .type_name("MS")
      .capture_default_str();
  app.add_option("--format", line.format, "table or json")
      .type_name("FORMAT")
      .check(terminal::one_of({"table", "json"}))
      .capture_default_str();
  app.add_option("--plot", line.plot_path, "Also draws an SVG file, with gnuplot").type_name("FILE");
}

std::string bench_details() {
  std::string list;
  for (const BenchTopic& topic : kBenchTopics) list += "  " + topic.key + "  " + topic.title + '\n';
  return "Workloads:\n" + list +
         "Every contestant has a slice of time in each round, in rotating order; ratios are taken pair by pair.\n"
         "Slices of two processes are set aside if others took a CPU away, or if a bare ping-pong before and after\n"
         "found the CPUs placed differently. Missed goals are printed, and are no failure.";
}

}  // namespace arena_shm::bench
