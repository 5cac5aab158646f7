// Contestants that need several processes: plays in a team, in the order in which they are measured.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/harness/rounds.hpp"
#include "bench/harness/team.hpp"

namespace arena_shm::bench {

class Cast {
 public:
  void add(std::string name, std::vector<std::string> against, std::unique_ptr<Play> play, std::string unit,
           std::string remark = {}) {
    contestants_.push_back({.name = std::move(name),
                            .against = std::move(against),
                            .run = {},
                            .unit = std::move(unit),
                            .remark = std::move(remark)});
    plays_.push_back(std::move(play));
  }

  /// Forks the team and measures. May be called once.
  std::vector<Row> measure(const std::string& workload, const std::string& group, const Settings& settings) {
    Team team(std::move(plays_), settings.cpus);
    for (std::size_t i = 0; i < contestants_.size(); ++i) {
      contestants_[i].run = [&team, i](Nanoseconds duration) { return team.run(i, duration); };
    }
    return run_rounds(workload, group, contestants_, settings);
  }

 private:
  std::vector<Contestant> contestants_;
  std::vector<std::unique_ptr<Play>> plays_;
};

}  // namespace arena_shm::bench
