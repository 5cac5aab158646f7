// A process that runs a scenario up to a named point, and kills or stops itself there.
#pragma once

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/scenarios.hpp"
#include "support/child.hpp"

namespace arena_shm::test {

/// Set in the victim, before it runs. The hook that it installs costs the others nothing: they are other processes.
struct StopAt {
  inline static std::string point;
  inline static int signal_number = 0;
  inline static int times = 0;

  /// The signal comes when the point is reached for the `nth` time from now.
  static void arm(const std::string& where, int number, int nth = 1) {
    point = where;
    signal_number = number;
    times = nth;
    core::stop_point_hook = [](const char* name) {
      if (point != name || --times != 0) return;
      core::stop_point_hook = nullptr;  // once
      ::syscall(SYS_tgkill, ::getpid(), ::gettid(), signal_number);
    };
  }
};

/// Runs `scenario` in a child that gets `number` at `point`.
inline Child make_victim(const Scenario& scenario, const std::string& name, const std::string& point, int number) {
  return Child([&] {
    scenario.run(name, [&] { StopAt::arm(point, number); });
    return 0;
  });
}

/// The points that a scenario runs through, in the order in which it comes to them first.
inline std::vector<std::string> points_of(const Scenario& scenario, const std::string& name) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  static int out;
  out = ends[1];
  Child child([&] {
    scenario.run(name, [] {
      core::stop_point_hook = [](const char* point) {
        const std::string line = std::string(point) + "\n";
        if (::write(out, line.data(), line.size()) < 0) ::_exit(97);
      };
    });
    core::stop_point_hook = nullptr;
    return 0;
  });
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof(buffer))) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  std::vector<std::string> points;
  if (child.end() != "exit 0") return points;
  std::set<std::string> seen;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (const std::string point = text.substr(at, end - at); seen.insert(point).second) points.push_back(point);
    at = end + 1;
  }
  return points;
}

}  // namespace arena_shm::test
