// arena-bench: what arena-shm costs on this machine, beside the floors of the hardware and what else there is.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/harness/clock.hpp"
#include "bench/harness/settings.hpp"
#include "bench/report/report.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

struct Wanted {
  Settings settings;
  std::vector<std::string> only;
  std::string format = "table";
  std::string plot_path;

  bool includes(const Workload& workload) const {
    return only.empty() || std::find(only.begin(), only.end(), workload.key) != only.end();
  }
};

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

std::vector<std::pair<std::string, std::string>> to_pairs(const Settings& settings) {
  constexpr const char* kScopes[] = {"quick", "usual", "long"};
  return {{"scope", kScopes[static_cast<int>(settings.scope)]},
          {"rounds", std::to_string(settings.rounds)},
          {"slice_us", std::to_string(settings.slice.count() / 1000)},
          {"cpus", fmt::format("{}", fmt::join(settings.cpus, ","))}};
}

void measure(const Wanted& wanted) {
  const Settings& settings = wanted.settings;
  const bool tables = wanted.format == "table";
  ns_per_tick();
  Run run{.machine = describe_machine(settings.cpus), .settings = to_pairs(settings), .rows = {}, .goals = {}};
  if (tables) {
    print(machine_text(run.machine));
  } else {
    for (const std::string& warning : run.machine.warnings) fmt::print(stderr, "WARNING: {}\n", warning);
  }
  for (const Workload& workload : workloads()) {
    if (!wanted.includes(workload) || (workload.needs_two_cpus && settings.cpus.size() < 2)) continue;
    Rows rows = workload.run(settings);
    if (tables) print(rows_text(workload.key + ": " + workload.title, rows));
    append(run.rows, std::move(rows));
  }
  run.goals = compare_with_goals(run.rows);
  print(tables ? goals_text(run.goals) : to_json(run));
  if (!wanted.plot_path.empty()) plot(run, wanted.plot_path);
}

int run(int argc, char** argv) {
  Wanted wanted;
  Settings& settings = wanted.settings;
  bool quick = false;
  bool full = false;
  std::size_t slice_ms = 20;

  std::vector<std::string> keys;
  std::string list;
  for (const Workload& workload : workloads()) {
    keys.push_back(workload.key);
    list += fmt::format("\n  {}  {}", workload.key, workload.title);
  }

  CLI::App app("What arena-shm costs on this machine, beside the floors of the hardware and other queues.",
               "arena-bench");
  app.footer(
      "Workloads:" + list +
      "\n\nEvery contestant has a slice of time in each round, in rotating order; ratios are taken pair by pair.\n"
      "Slices of two processes are set aside if others took a CPU away, or if a bare ping-pong before and after\n"
      "found the CPUs placed differently. Missed goals are printed, and are no failure.");
  auto* quick_flag = app.add_flag("--quick", quick, "What the goals need; about 20 seconds");
  app.add_flag("--long", full, "All sizes, more rounds; some minutes")->excludes(quick_flag);
  app.add_option("--only", wanted.only, "These workloads: W1,W3")->delimiter(',')->check(CLI::IsMember(keys));
  app.add_option("--cpus", settings.cpus, "CPUs to run on, the first writes; default: all that are allowed")
      ->delimiter(',');
  app.add_option("--rounds", settings.rounds, "Slices of each contestant that count; default: 9, with --long 25")
      ->check(CLI::PositiveNumber);
  app.add_option("--slice-ms", slice_ms, "Length of a slice")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--format", wanted.format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("--plot", wanted.plot_path, "Also draws an SVG file, with gnuplot");
  CLI11_PARSE(app, argc, argv);

  if (quick) settings.scope = Scope::quick;
  if (full) settings.scope = Scope::full;
  if (full && app.count("--rounds") == 0) settings.rounds = 25;
  settings.slice = std::chrono::milliseconds{slice_ms};
  if (settings.cpus.empty()) settings.cpus = allowed_cpus();
  const std::vector<int> allowed = allowed_cpus();
  for (const int cpu : settings.cpus) {
    if (std::find(allowed.begin(), allowed.end(), cpu) == allowed.end()) {
      throw std::runtime_error(fmt::format("expected one of the CPUs {}, found {}", fmt::join(allowed, ", "), cpu));
    }
  }
  measure(wanted);
  return 0;
}

}  // namespace
}  // namespace arena_shm::bench

int main(int argc, char** argv) {
  try {
    return arena_shm::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "arena-bench: %s\n", error.what());
    return 1;
  }
}
