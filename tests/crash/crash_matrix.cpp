// arena-crash-matrix: for each scenario and each named point in it, one victim is killed there, and another is stopped
// there and resumed later; meanwhile the others must go on. With --pairs: two victims, at all pairs of points.
// Prints a table; the exit code tells whether every cell held.
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "crash/scenarios.hpp"
#include "crash/survival.hpp"
#include "crash/victim.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

/// The first thing that is wrong, if any.
std::string first_of(const std::vector<std::function<std::string()>>& checks) {
  for (const auto& check : checks) {
    if (std::string problem = check(); !problem.empty()) return problem;
  }
  return {};
}

struct Stage {
  explicit Stage(const Scenario& scenario)
      : arena(Arena<CrashValue>::create(name, {.slots = kCrashSlots,
                                               .writers = scenario.writers,
                                               .seats = kCrashSeats,
                                               .time = scenario.timed,
                                               .full = scenario.lossless ? Full::wait : Full::overwrite,
                                               .consumers = kCrashConsumers})),
        reader(arena.reader(From::at(0), {.hold = std::chrono::milliseconds(1)})),
        company(scenario.company ? scenario.company(name.str()) : nullptr) {}
  ~Stage() { Arena<CrashValue>::remove(name.str() + ".other"); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  TempName name;
  Arena<CrashValue> arena;
  Reader<CrashValue> reader;
  std::shared_ptr<void> company;
};

std::string after_the_kill(Stage& stage, bool anyone_stopped, std::uint32_t living) {
  const std::string name = stage.name.str();
  return first_of({
      [&] { return all_is_accounted_for(stage.reader, stage.arena, anyone_stopped); },
      [&] { return writers_go_on(name); },
      [&] { return guarded_callers_go_on(name); },
      [&] { return all_is_accounted_for(stage.reader, stage.arena, anyone_stopped); },
      [&] { return seats_are_reusable(name, living); },
      [&] { return consumers_are_reusable(name); },
      [&] { return nothing_half_made(name); },
  });
}

/// Seats that the company of a scenario holds.
std::uint32_t company_seats(const Scenario& scenario) {
  return scenario.others_stopped || scenario.name == "guarded alloc, taking a reservation" ? 1 : 0;
}

/// What is between processes may go one way or another: whether a sleeper is rung for, say. Then it is tried again.
std::string with_tries(const Scenario& scenario, const std::function<std::string()>& attempt) {
  constexpr int kTries = 30;
  std::string problem;
  for (int i = 0; i < (scenario.lossless ? kTries : 1); ++i) {
    problem = attempt();
    if (!problem.starts_with("not reached")) break;
  }
  return problem;
}

std::string killed_at(const Scenario& scenario, const std::string& point) {
  Stage stage(scenario);
  Child victim = make_victim(scenario, stage.name.str(), point, SIGKILL);
  if (const std::string end = victim.end(); end != "signal 9") return "not reached: " + end;
  return after_the_kill(stage, scenario.others_stopped, company_seats(scenario));
}

std::string stopped_at(const Scenario& scenario, const std::string& point) {
  Stage stage(scenario);
  const std::string name = stage.name.str();
  Child victim = make_victim(scenario, name, point, SIGSTOP);
  if (const std::string end = victim.stop_or_end(); end != "stopped") return "not reached: " + end;
  const bool is_exclusive = scenario.writers == Writers::exclusive;  // whose one writer is the victim
  std::string problem =
      scenario.lossless
          ? std::string()
          : first_of({
                [&] { return is_exclusive ? std::string() : writers_go_on(name); },
                [&] { return is_exclusive || scenario.may_hold_mutex ? std::string() : guarded_callers_go_on(name); },
                [&] { return all_is_accounted_for(stage.reader, stage.arena, true); },
            });
  const LastLap last_lap(stage.arena);
  victim.signal(SIGCONT);
  if (const std::string end = victim.end(); problem.empty() && end != "exit 0") problem = "resumed: " + end;
  if (problem.empty()) problem = last_lap.still_holds();
  if (!problem.empty()) return problem;
  // Passed over while it was stopped, perhaps.
  return after_the_kill(stage, true, company_seats(scenario));
}

std::string both_killed_at(const Scenario& a, const std::string& point_a, const Scenario& b,
                           const std::string& point_b) {
  Stage stage(a);
  Child first = make_victim(a, stage.name.str(), point_a, SIGSTOP);
  if (const std::string end = first.stop_or_end(); end != "stopped") return "first: not reached: " + end;
  Child second = make_victim(b, stage.name.str(), point_b, SIGKILL);
  // The second may wait for the first, or end on another way; killed it is in any case.
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  second.kill_and_reap();
  first.kill_and_reap();
  return after_the_kill(stage, false, 0);
}

int cells = 0;
int failures = 0;

std::string cell(const std::string& problem) {
  ++cells;
  if (!problem.empty()) ++failures;
  return problem.empty() ? "ok" : problem;
}

std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> all = scenarios();
  for (Scenario& scenario : advance_scenarios()) all.push_back(std::move(scenario));
  for (Scenario& scenario : lossless_scenarios()) all.push_back(std::move(scenario));
  for (Scenario& scenario : group_scenarios()) all.push_back(std::move(scenario));
  return all;
}

void run_points() {
  std::printf("%-40s %-22s %-8s %s\n", "scenario", "point", "killed", "stopped, then resumed");
  for (const Scenario& scenario : all_scenarios()) {
    std::vector<std::string> points;
    {
      const Stage stage(scenario);
      points = points_of(scenario, stage.name.str());
    }
    if (points.empty()) std::printf("%-40s %s\n", scenario.name.c_str(), cell("no point was reached").c_str());
    for (const std::string& point : points) {
      const std::string killed = cell(with_tries(scenario, [&] { return killed_at(scenario, point); }));
      const std::string stopped = cell(with_tries(scenario, [&] { return stopped_at(scenario, point); }));
      std::printf("%-40s %-22s %-8s %s\n", scenario.name.c_str(), point.c_str(), killed.c_str(), stopped.c_str());
      std::fflush(stdout);
    }
  }
}

void run_pairs() {
  struct Place {
    Scenario scenario;
    std::string point;
  };
  std::vector<Place> places;
  for (const Scenario& scenario : all_scenarios()) {
    if (scenario.company || scenario.writers == Writers::exclusive) continue;
    const Stage stage(scenario);
    for (const std::string& point : points_of(scenario, stage.name.str())) places.push_back({scenario, point});
  }
  for (const Place& a : places) {
    std::string row;
    for (const Place& b : places) {
      if (a.scenario.writers != b.scenario.writers || a.scenario.timed != b.scenario.timed ||
          a.scenario.lossless != b.scenario.lossless)
        continue;  // in one arena
      const std::string result = cell(both_killed_at(a.scenario, a.point, b.scenario, b.point));
      row += result == "ok" ? '.' : 'X';
      if (result != "ok")
        std::printf("%s at %s + %s at %s: %s\n", a.scenario.name.c_str(), a.point.c_str(), b.scenario.name.c_str(),
                    b.point.c_str(), result.c_str());
    }
    std::printf("%-40s %-22s %s\n", a.scenario.name.c_str(), a.point.c_str(), row.c_str());
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace arena_shm::test

int main(int argc, char** argv) {
  using namespace arena_shm::test;
  if (argc > 1 && std::strcmp(argv[1], "--pairs") == 0)
    run_pairs();
  else
    run_points();
  std::printf("%d passed, %d failed\n", cells - failures, failures);
  return failures == 0 && cells > 0 ? 0 : 1;
}
