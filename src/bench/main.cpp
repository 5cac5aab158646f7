// arena-bench: what arena-shm costs on this machine, beside bare memory operations and other queues.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "arena_shm/core/system.hpp"
#include "bench/bench_command_line.hpp"
#include "bench/harness/clock.hpp"
#include "bench/harness/settings.hpp"
#include "bench/report/report.hpp"
#include "bench/workloads/workloads.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "terminal/usage_text.hpp"

namespace arena_shm::bench {
namespace {

/// Errors: std::runtime_error, if nothing is left for so few CPUs.
std::vector<Workload> chosen(const BenchCommandLine& line, const Settings& settings) {
  std::vector<Workload> result;
  for (const Workload& workload : workloads()) {
    const bool wanted =
        line.only.empty() || std::find(line.only.begin(), line.only.end(), workload.key) != line.only.end();
    if (wanted && (!workload.needs_two_cpus || settings.cpus.size() > 1)) result.push_back(workload);
  }
  if (result.empty()) {
    throw std::runtime_error(fmt::format("expected two CPUs for {}, found one", fmt::join(line.only, ", ")));
  }
  return result;
}

/// Errors: std::runtime_error, if we may not run on one of them, or one is named twice.
void require_cpus(const std::vector<int>& cpus) {
  const std::vector<int> allowed = allowed_cpus();
  for (auto cpu = cpus.begin(); cpu != cpus.end(); ++cpu) {
    if (std::find(allowed.begin(), allowed.end(), *cpu) == allowed.end()) {
      throw std::runtime_error(
          fmt::format("--cpus: expected some of the CPUs {}, found {}", fmt::join(allowed, ", "), *cpu));
    }
    if (std::find(cpus.begin(), cpu, *cpu) != cpu) {
      throw std::runtime_error(fmt::format("--cpus: expected each CPU once, found {} twice", *cpu));
    }
  }
}

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

void measure(const BenchCommandLine& line, const Settings& settings) {
  const bool tables = line.format == "table";
  constexpr std::size_t kWidest = 100;  // also of what goes into a file
  const std::size_t columns = std::min(terminal::line_width(), kWidest);
  const std::vector<Workload> to_run = chosen(line, settings);
  if (!line.plot_path.empty()) {
    std::vector<std::string> keys;
    for (const Workload& workload : to_run) keys.push_back(workload.key);
    require_plot(line.plot_path, keys);
  }
  ns_per_tick();
  Run run{.machine = describe_machine(settings.cpus), .settings = to_pairs(settings), .rows = {}, .goals = {}};
  if (tables) {
    print(machine_text(run.machine, columns));
  } else {
    for (const std::string& warning : run.machine.warnings) fmt::print(stderr, "WARNING: {}\n", warning);
  }
  for (const Workload& workload : to_run) {
    Rows rows = workload.run(settings);
    if (tables) print(rows_text(workload.key + ": " + workload.title, rows, columns));
    append(run.rows, std::move(rows));
  }
  run.goals = compare_with_goals(run.rows);
  print(tables ? goals_text(run.goals, columns) : to_json(run));
  if (!line.plot_path.empty()) plot(run, line.plot_path);
}

Settings settings_of(const BenchCommandLine& line) {
  Settings settings{.cpus = line.cpus};
  if (line.slice_s && line.slice_ms) throw std::runtime_error("expected --slice or --slice-ms, found both");
  if (line.slice_s) settings.slice = std::chrono::round<Nanoseconds>(std::chrono::duration<double>(*line.slice_s));
  if (line.slice_ms) settings.slice = std::chrono::milliseconds{*line.slice_ms};
  if (line.quick) settings.scope = Scope::quick;
  if (line.full) settings.scope = Scope::full;
  if (line.full) settings.rounds = 25;
  if (line.rounds != 0) settings.rounds = line.rounds;
  if (settings.cpus.empty()) settings.cpus = allowed_cpus();
  require_cpus(settings.cpus);
  return settings;
}

int run(int argc, char** argv) {
  BenchCommandLine line;
  CLI::App app(std::string(kBenchSummary) + ".", "arena-bench");
  app.footer(bench_details());
  add_bench_options(terminal::Command(app), line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);
    fmt::print(stderr, "arena-bench: {}\n", terminal::usage_text(terminal::Command(app), error));
    return static_cast<int>(terminal::ExitCode::usage);
  }
  const Settings settings = settings_of(line);
  terminal::catch_stop_signals();  // and the next slice is the last: what has a name has to be removed
  measure(line, settings);
  return 0;
}

}  // namespace
}  // namespace arena_shm::bench

int main(int argc, char** argv) {
  if (!arena_shm::core::fill_standard_descriptors()) return 1;  // it is not to print into what it opens
  try {
    return arena_shm::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "arena-bench: %s\n", error.what());
    return 1;
  }
}
