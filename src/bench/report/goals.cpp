#include "bench/report/goals.hpp"

#include "bench/channels/names.hpp"
#include "bench/harness/rounds.hpp"

namespace arena_shm::bench {
namespace {

const std::vector<Goal>& goals() {
  const std::string small = size_and_slots(64, 1024);
  const std::string large = size_and_slots(64, 65536);
  const std::string just_made = small + ", just made";
  const std::string wide = size_and_slots(256, 65536);
  const std::string next = kShared + ", next()";
  const std::string wait = kShared + ", wait_for()";
  const std::string two_lanes = small + " each, lanes";
  const std::string many_lanes = small + " each, idle lanes";
  const std::string merged = large + ", " + kLanedTimed + ", throughput";
  const std::string readers = large + ", " + kShared + ", throughput";
  static const std::vector<Goal> all{
      {"W1", small, kExclusive, kStoreFloor, 1.4, 1.25},
      {"W1", small, kLaned, kExclusive, {}, 1.0},
      {"W1", small, kLanedTimed, kExclusiveAndClock, {}, 1.1},
      {"W1", small, kShared, kFetchAddFloor, 1.3, 1.15},
      {"W1", small, kGuarded, kRobust, 0.6, 0.5},
      {"W1", small, kGuarded, kMessageQueue, {}, 0.3},
      {"W1", small, kBatch, kMemcpy16Floor, {}, 1.5},
      {"W1", small, kShared + kThroughC, kShared, {}, 1.3},
      {"W1", small, kBatch + kThroughC, kBatch, {}, 1.1},
      {"W1", large, kExclusive, kStoreFloor, 1.4, 1.25},
      {"W1", large, kLaned, kExclusive, {}, 1.0},
      {"W1", large, kShared, kFetchAddFloor, 1.3, 1.15},
      {"W1", large, kShared + kThroughC, kShared, {}, 1.3},
      {"W1", large, kBatch + kThroughC, kBatch, {}, 1.1},
      {"W1", large, kGuarded, kRobust, 0.6, 0.5},
      {"W1", large, kBatch, kMemcpy16Floor, {}, 1.5},
      {"W1", just_made, kExclusive, kStoreFloor, 1.4, 1.25},
      {"W1", just_made, kShared, kFetchAddFloor, 1.3, 1.15},
      {"W1", wide, kExclusive, kStoreFloor, {}, 1.1},
      {"W1", wide, kShared, kFetchAddFloor, {}, 1.1},
      {"W2", large, kExclusive + ", throughput", kSpsc, {}, 1.5, true},
      {"W2", large, kShared + ", throughput", kSpsc, {}, 1.5, true},
      {"W3", "8 B, ping-pong", next, kProbe, 1.3, 1.2},
      {"W3", "8 B, ping-pong", wait, kProbe, 1.3, 1.2},
      {"W3", "56 B, ping-pong", next, kProbe, 1.3, 1.2},
      {"W3", "56 B, ping-pong", next, kOneLineFloor, 1.3, 1.2},
      {"W3", "56 B, ping-pong", next, kMessageQueue, {}, 0.12},
      {"W3", "56 B, ping-pong", wait, kProbe, 1.3, 1.2},
      {"W4", "2 writers, " + large, kShared, kFetchAddFloor, {}, 0.85, true},
      {"W4", "2 writers, " + large, kLaned, kShared, {}, 6, true},
      {"W4", "2 writers, " + large, kLaned, kFetchAddFloor, {}, 5, true},
      {"W4", "2 writers, " + large, kLanedTimed, kShared, {}, 4, true},
      {"W5", readers, "8 readers", "0 readers", {}, 1.5},
      {"W5", merged, "1 reader, order of time", "0 readers", {}, 1 / 0.9},
      {"W6", "64 B, every 300 us", kWaitSet100, kWaitSet1, {}, 1.3},
      {"W1", small, kLossless, kShared, {}, 1.05},
      {"W1", small, kLosslessExclusive, kExclusive, {}, 1.05},
      {"W12", "1 writer, " + small, kLosslessExclusive + ", throughput", kSpsc, {}, 1.0, true},
      {"W12", "1 writer, " + small, kLosslessExclusive + ", throughput", kSpsc + ", bulk", {}, 1.0, true},
      {"W12", "1 writer, a group of 2, " + small, kLosslessExclusive + ", throughput", kQueue, {}, 1.5, true},
      {"W12", "2 writers, " + small, kLossless + ", throughput", kQueue, {}, 2.0, true},
      {"W12", "2 writers, " + small, kLossless + ", throughput", kMessageQueue, {}, 5.0, true},
      {"W13",
       size_and_slots(64, std::size_t{1} << 18) + ", to /dev/null",
       "tail --where, 1 of 1000 matches",
       "tail, all values",
       {},
       0.7,
       true},
      {"W14", size_and_slots(64, std::size_t{1} << 18), ".arrows", ".npy", {}, 0.5, true},
      {"W10", two_lanes, "two lanes", "two rings", {}, 1 / 0.9},
      {"W10", two_lanes, "two lanes, order of time", "two lanes", {}, 1 / 0.4},
      {"W10", many_lanes, "64 lanes, one busy", "one lane", {}, 1 / 0.9},
  };
  return all;
}

}  // namespace

std::string Outcome::verdict(const std::optional<double>& limit) const {
  if (!limit) return "";
  if (ratio.count == 0) return "not measured";
  return (goal.at_least ? ratio.median >= *limit : ratio.median <= *limit) ? "met" : "not met";
}

std::vector<Outcome> compare_with_goals(const std::vector<Row>& rows) {
  std::vector<Outcome> outcomes;
  for (const Goal& goal : goals()) {
    const Row* row = find_row(rows, goal.workload, goal.group, goal.name);
    const Ratio* ratio = row == nullptr ? nullptr : row->ratio_to(goal.against);
    if (ratio == nullptr) continue;
    outcomes.push_back({.goal = goal, .ratio = ratio->spread, .disturbed = ratio->disturbed});
  }
  return outcomes;
}

}  // namespace arena_shm::bench
