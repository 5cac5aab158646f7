#include "bench/bench_command_line.hpp"

#include <sched.h>

#include <chrono>

#include "terminal/quantity_options.hpp"

namespace arena_shm::bench {

namespace {

constexpr std::chrono::milliseconds kShortest{1};
constexpr std::chrono::milliseconds kLongest{10'000};  // a process that needs a minute is taken for one that hangs

}  // namespace

void add_bench_options(const terminal::Command& app, BenchCommandLine& line) {
  std::vector<std::string> keys;
  for (const BenchTopic& topic : kBenchTopics) keys.push_back(topic.key);
  const terminal::Option quick =
      app.add_flag("--quick", line.quick, "Measure only the sizes that have a goal; takes 40 seconds");
  app.add_flag("--long", line.full, "Measure all sizes, in more rounds; takes several minutes").excludes(quick);
  app.add_option("--only", line.only, "Measure only these workloads, like W1,W3")
      .delimiter(',')
      .type_name("LIST")
      .check(terminal::one_of(keys, terminal::Letters::of_any_case));
  app.add_option("--cpus", line.cpus,
                 "The CPUs to use, like 0,2; the writer runs on the first one (default: all allowed CPUs)")
      .delimiter(',')
      .type_name("LIST")
      .check(terminal::count({.most = CPU_SETSIZE - 1}));
  app.add_option("--rounds", line.rounds, "Slices to measure for each contestant (default: 9; with --long: 25)")
      .type_name("N")
      .check(terminal::count({.least = 1, .most = 1'000'000}));
  app.add_option("--slice", line.slice_s, "The length of a slice")
      .type_name("DURATION")
      .default_str("20ms")
      .check(terminal::duration(kShortest, kLongest, terminal::BareNumber::is_refused));
  app.add_option("--slice-ms", line.slice_ms, "The length of a slice in milliseconds")
      .type_name("N")
      .check(terminal::count({.least = 1, .most = kLongest / kShortest}))
      .group("");
  app.add_option("--format", line.format, "table or json")
      .type_name("FORMAT")
      .check(terminal::one_of({"table", "json"}))
      .capture_default_str();
  app.add_option("--plot", line.plot_path,
                 "Also draw the main results of W1 to W4 and W11 into this SVG file; needs gnuplot")
      .type_name("FILE");
}

std::string bench_details() {
  std::string list;
  for (const BenchTopic& topic : kBenchTopics)
    list += "  " + topic.key + std::string(5 - topic.key.size(), ' ') + topic.title + '\n';
  return "Workloads:\n" + list +
         "In each round, every contestant runs for one slice of time. It is compared with the others of that round.\n"
         "The figures are medians and quartiles of the slices. If two processes are measured, a slice is left out\n"
         "if another program ran on one of the CPUs, or if the virtual CPUs moved. A ping-pong before and after the\n"
         "slice detects that. If too few slices are left, all are used, and the figure is marked as disturbed (*).\n"
         "A 'floor' does the least that the job needs. 'Bare' is one part of the work of arena-shm, without checks.\n"
         "The goals are those of this project. A missed goal is not an error.";
}

}  // namespace arena_shm::bench
