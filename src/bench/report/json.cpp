#include <nlohmann/json.hpp>

#include "bench/report/report.hpp"

namespace arena_shm::bench {
namespace {

using Json = nlohmann::ordered_json;

/// Null where there is nothing.
Json json_of(const Spread& spread) {
  if (spread.count == 0) return nullptr;
  return {{"median", spread.median}, {"q1", spread.q1}, {"q3", spread.q3}, {"count", spread.count}};
}

Json json_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json object = Json::object();
  for (const auto& [name, value] : pairs) object[name] = value;
  return object;
}

Json json_of(const Row& row) {
  Json ratios = Json::array();
  for (const Ratio& ratio : row.ratios) {
    ratios.push_back({{"against", ratio.against},
                      {"ratio", json_of(ratio.spread)},
                      {"disturbed", ratio.disturbed},
                      {"unlike_pairs", ratio.unlike_pairs}});
  }
  return {{"workload", row.workload},    {"group", row.group},         {"name", row.name}, {"unit", row.unit},
          {"value", json_of(row.value)}, {"disturbed", row.disturbed}, {"ratios", ratios}, {"details", row.details},
          {"set_aside", row.set_aside},  {"remark", row.remark}};
}

Json json_of(const Outcome& outcome) {
  const auto stage = [&](const std::optional<double>& limit) {
    return limit ? Json{{"limit", *limit}, {"verdict", outcome.verdict(limit)}} : Json(nullptr);
  };
  const Goal& goal = outcome.goal;
  return {{"workload", goal.workload},
          {"group", goal.group},
          {"name", goal.name},
          {"against", goal.against},
          {"direction", goal.at_least ? "at least" : "at most"},
          {"ratio", json_of(outcome.ratio)},
          {"disturbed", outcome.disturbed},
          {"first", stage(goal.first)},
          {"ambition", stage(goal.ambition)}};
}

template <class T>
Json list_of(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(json_of(item));
  return list;
}

}  // namespace

std::string to_json(const Run& run) {
  const Json json{{"machine", json_of(run.machine.facts)},
                  {"warnings", run.machine.warnings},
                  {"settings", json_of(run.settings)},
                  {"rows", list_of(run.rows)},
                  {"goals", list_of(run.goals)}};
  return json.dump(2) + "\n";
}

}  // namespace arena_shm::bench
