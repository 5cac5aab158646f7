#include "bench/harness/rounds.hpp"

#include <algorithm>
#include <stdexcept>

#include "bench/channels/names.hpp"
#include "terminal/signals.hpp"

namespace arena_shm::bench {
namespace {

using History = std::vector<Slice>;  // one per round

/// The undisturbed ones, or all of which there is a value.
std::vector<const Slice*> slices_of(const History& history, bool disturbed_too) {
  std::vector<const Slice*> slices;
  for (const Slice& slice : history) {
    if (!slice.empty && (disturbed_too || !slice.disturbed)) slices.push_back(&slice);
  }
  return slices;
}

bool is_complete(const std::vector<History>& histories, std::size_t rounds) {
  return std::all_of(histories.begin(), histories.end(),
                     [&](const History& history) { return slices_of(history, false).size() >= rounds; });
}

/// A few that were not disturbed are no better than the others: they may have slept all the time.
bool are_enough(std::size_t undisturbed, std::size_t rounds) { return undisturbed > 0 && 2 * undisturbed >= rounds; }

Ratio compare(const History& mine, const History& theirs, const std::string& against, std::size_t rounds) {
  Ratio ratio{.against = against, .spread = {}};
  std::vector<double> good;
  std::vector<double> all;
  for (std::size_t round = 0; round < mine.size(); ++round) {
    const Slice& a = mine[round];
    const Slice& b = theirs[round];
    if (a.empty || b.empty || b.value <= 0) continue;
    const double quotient = a.value / b.value;
    all.push_back(quotient);
    if (a.disturbed || b.disturbed) continue;
    if (are_alike(a.probe_ns, b.probe_ns)) {
      good.push_back(quotient);
    } else {
      ++ratio.unlike_pairs;
    }
  }
  const bool use_good = !good.empty() && are_enough(good.size() + ratio.unlike_pairs, rounds);
  ratio.disturbed = !use_good && !all.empty();
  if (!use_good) ratio.unlike_pairs = 0;
  ratio.spread = spread_of(use_good ? std::move(good) : std::move(all));
  return ratio;
}

Ratio compare_with_probe(const std::vector<const Slice*>& slices, bool disturbed) {
  std::vector<double> quotients;
  for (const Slice* slice : slices) {
    if (slice->probe_ns > 0) quotients.push_back(slice->value / slice->probe_ns);
  }
  return {.against = kProbe, .spread = spread_of(std::move(quotients)), .disturbed = disturbed};
}

std::map<std::string, double> medians(const std::vector<const Slice*>& slices) {
  std::map<std::string, std::vector<double>> all;
  for (const Slice* slice : slices) {
    for (const auto& [name, value] : slice->details) all[name].push_back(value);
    if (slice->probe_ns > 0) all["probe"].push_back(slice->probe_ns);
  }
  std::map<std::string, double> result;
  for (auto& [name, values] : all) result[name] = spread_of(std::move(values)).median;
  return result;
}

Row row_of(const Contestant& contestant, const History& history, std::size_t rounds) {
  std::vector<const Slice*> slices = slices_of(history, false);
  const bool disturbed = !are_enough(slices.size(), rounds);
  if (disturbed) slices = slices_of(history, true);
  std::vector<double> values;
  for (const Slice* slice : slices) values.push_back(slice->value);
  Row row{.workload = {},
          .group = {},
          .name = contestant.name,
          .unit = contestant.unit,
          .value = spread_of(std::move(values)),
          .ratios = {},
          .details = medians(slices),
          .set_aside = history.size() - slices.size(),
          .disturbed = disturbed && !slices.empty(),
          .remark = contestant.remark};
  if (std::find(contestant.against.begin(), contestant.against.end(), kProbe) != contestant.against.end()) {
    row.ratios.push_back(compare_with_probe(slices, row.disturbed));
  }
  return row;
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
    Row row = row_of(contestants[i], histories[i], settings.rounds);
    row.workload = workload;
    row.group = group;
    for (const std::string& against : contestants[i].against) {
      const auto other = std::find_if(contestants.begin(), contestants.end(),
                                      [&](const Contestant& contestant) { return contestant.name == against; });
      if (other == contestants.end() || against == contestants[i].name) continue;
      const History& theirs = histories[static_cast<std::size_t>(other - contestants.begin())];
      row.ratios.push_back(compare(histories[i], theirs, against, settings.rounds));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace arena_shm::bench
