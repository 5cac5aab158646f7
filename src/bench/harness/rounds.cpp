#include "bench/harness/rounds.hpp"

#include <algorithm>
#include <stdexcept>

#include "terminal/signals.hpp"

namespace arena_shm::bench {
namespace {

using History = std::vector<Slice>;  // one per round

std::size_t counting(const History& history) {
  return static_cast<std::size_t>(
      std::count_if(history.begin(), history.end(), [](const Slice& slice) { return !slice.set_aside; }));
}

bool is_complete(const std::vector<History>& histories, std::size_t rounds) {
  return std::all_of(histories.begin(), histories.end(),
                     [&](const History& history) { return counting(history) >= rounds; });
}

Ratio compare(const History& mine, const History& theirs, const std::string& against) {
  Ratio ratio{.against = against, .spread = {}};
  std::vector<double> quotients;
  for (std::size_t round = 0; round < mine.size(); ++round) {
    const Slice& a = mine[round];
    const Slice& b = theirs[round];
    if (a.set_aside || b.set_aside) continue;
    if (!are_alike(a.probe_ns, b.probe_ns)) {
      ++ratio.unlike_pairs;
    } else if (b.value > 0) {
      quotients.push_back(a.value / b.value);
    }
  }
  ratio.spread = spread_of(std::move(quotients));
  return ratio;
}

Ratio compare_with_probe(const History& history) {
  std::vector<double> quotients;
  for (const Slice& slice : history) {
    if (!slice.set_aside && slice.probe_ns > 0) quotients.push_back(slice.value / slice.probe_ns);
  }
  return {.against = kProbe, .spread = spread_of(std::move(quotients))};
}

std::map<std::string, double> medians(const History& history) {
  std::map<std::string, std::vector<double>> all;
  for (const Slice& slice : history) {
    if (slice.set_aside) continue;
    for (const auto& [name, value] : slice.details) all[name].push_back(value);
    if (slice.probe_ns > 0) all["probe"].push_back(slice.probe_ns);
  }
  std::map<std::string, double> result;
  for (auto& [name, values] : all) result[name] = spread_of(std::move(values)).median;
  return result;
}

}  // namespace

bool are_alike(double probe_ns, double other_probe_ns) noexcept {
  if (probe_ns <= 0 || other_probe_ns <= 0) return true;  // not probed
  return std::max(probe_ns, other_probe_ns) <= kAlike * std::min(probe_ns, other_probe_ns);
}

std::vector<Row> run_rounds(const std::string& workload, const std::string& group,
                            const std::vector<Contestant>& contestants, const Settings& settings) {
  const std::size_t count = contestants.size();
  for (const Contestant& contestant : contestants) contestant.run(settings.slice);

  std::vector<History> histories(count);
  for (std::size_t round = 0; round < 3 * settings.rounds && !is_complete(histories, settings.rounds); ++round) {
    for (std::size_t i = 0; i < count; ++i) {
      if (terminal::stop_requested()) throw std::runtime_error("interrupted");
      const std::size_t turn = (round + i) % count;
      histories[turn].push_back(contestants[turn].run(settings.slice));
    }
  }

  std::vector<Row> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const Contestant& contestant = contestants[i];
    std::vector<double> values;
    for (const Slice& slice : histories[i]) {
      if (!slice.set_aside) values.push_back(slice.value);
    }
    Row row{.workload = workload,
            .group = group,
            .name = contestant.name,
            .unit = contestant.unit,
            .value = spread_of(std::move(values)),
            .ratios = {},
            .details = medians(histories[i]),
            .set_aside = histories[i].size() - counting(histories[i]),
            .remark = contestant.remark};
    for (const std::string& against : contestant.against) {
      if (against == kProbe) {
        row.ratios.push_back(compare_with_probe(histories[i]));
        continue;
      }
      const auto floor = std::find_if(contestants.begin(), contestants.end(),
                                      [&](const Contestant& other) { return other.name == against; });
      if (floor == contestants.end()) continue;
      row.ratios.push_back(
          compare(histories[i], histories[static_cast<std::size_t>(floor - contestants.begin())], against));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace arena_shm::bench
