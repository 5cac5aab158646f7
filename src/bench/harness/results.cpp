#include "bench/harness/results.hpp"

#include <algorithm>
#include <cmath>

namespace arena_shm::bench {

double quantile(const std::vector<double>& sorted, double fraction) {
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {quantile(values, 0.5), quantile(values, 0.25), quantile(values, 0.75), values.size()};
}

const Ratio* Row::ratio_to(const std::string& against) const {
  const auto found = std::find_if(ratios.begin(), ratios.end(), [&](const Ratio& r) { return r.against == against; });
  return found == ratios.end() ? nullptr : &*found;
}

const Row* find_row(const std::vector<Row>& rows, const std::string& workload, const std::string& group,
                    const std::string& name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
    return row.workload == workload && row.group == group && row.name == name;
  });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace arena_shm::bench
