#include "bench/report/machine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <boost/version.hpp>
#include <cstdlib>
#include <fstream>

#include "arena_shm/core/words.hpp"
#include "arena_shm/version.h"

namespace arena_shm::bench {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The value of the first "key : value" line of /proc/cpuinfo.
std::string cpu_info(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && line.starts_with(key)) return line.substr(std::min(colon + 2, line.size()));
  }
  return "unknown";
}

std::string cache_sizes() {
  const auto kib = [](int name) { return ::sysconf(name) / 1024; };
  return fmt::format("L1d {} KiB, L2 {} KiB, L3 {} KiB", kib(_SC_LEVEL1_DCACHE_SIZE), kib(_SC_LEVEL2_CACHE_SIZE),
                     kib(_SC_LEVEL3_CACHE_SIZE));
}

constexpr const char* kIceoryxVersion =
#if defined(ARENA_BENCH_ICEORYX)
    ARENA_BENCH_ICEORYX;
#else
    "not installed";
#endif

constexpr const char* kCompiler =
#if defined(__clang__)
    __VERSION__;
#else
    "gcc " __VERSION__;
#endif

std::vector<std::string> build_warnings() {
  std::vector<std::string> warnings;
#if !defined(NDEBUG)
  warnings.emplace_back("built with asserts (no NDEBUG): these are not the numbers of a release");
#endif
#if !defined(__OPTIMIZE__)
  warnings.emplace_back("built WITHOUT OPTIMISATION: the numbers mean nothing; use -DCMAKE_BUILD_TYPE=Release");
#endif
#if defined(ARENA_SHM_SANITIZED)
  warnings.emplace_back("built with a sanitizer: the numbers mean nothing");
#endif
  return warnings;
}

std::vector<std::string> run_warnings(bool is_virtual, std::size_t cpu_count) {
  std::vector<std::string> warnings;
  double load = 0;
  if (::getloadavg(&load, 1) == 1 && load > 0.5) {
    warnings.push_back(fmt::format(
        "the machine is busy (load {:.1f}): wait until it is not, or run this as root: chrt -r 1 arena-shm bench",
        load));
  }
  if (is_virtual) {
    warnings.emplace_back(
        "a virtual machine: its CPUs may move, so where two processes are measured, trust ratios, not figures");
  }
  if (cpu_count < 2) warnings.emplace_back("only one CPU: what needs two is left out");
#if defined(__x86_64__)
  if (cpu_info("flags").find("nonstop_tsc") == std::string::npos) {
    warnings.emplace_back("the time-stamp counter is not steady: times may be wrong");
  }
#endif
  return warnings;
}

}  // namespace

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof(set), &set);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

Machine describe_machine(const std::vector<int>& cpus) {
  utsname system{};
  ::uname(&system);
  const bool is_virtual = cpu_info("flags").find(" hypervisor") != std::string::npos;
  Machine machine;
  const auto add = [&](const char* name, std::string value) { machine.facts.emplace_back(name, std::move(value)); };
  add("cpu", cpu_info("model name") + (is_virtual ? " (virtual)" : ""));
  add("cpus", fmt::format("{} online, measured on {}", ::sysconf(_SC_NPROCESSORS_ONLN), fmt::join(cpus, ", ")));
  add("caches", cache_sizes());
  const std::string governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (!governor.empty()) add("governor", governor);
  add("kernel", fmt::format("{} {} {}", system.sysname, system.release, system.machine));
  add("load", first_line("/proc/loadavg"));
  add("compiler", kCompiler);
  add("flags", ARENA_BENCH_FLAGS);
  add("build type", ARENA_BENCH_BUILD_TYPE);
  add("arena-shm", ARENA_SHM_VERSION_STRING);
  add("boost", fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100));
  add("iceoryx", kIceoryxVersion);
  machine.warnings = build_warnings();
  for (std::string& warning : run_warnings(is_virtual, cpus.size())) machine.warnings.push_back(std::move(warning));
  return machine;
}

}  // namespace arena_shm::bench
