// What a run brings out: rows of numbers with their spread, ready to be printed in any form.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace arena_shm::bench {

struct Spread {
  double median = 0;
  double q1 = 0;
  double q3 = 0;
  std::size_t count = 0;  ///< 0: there is nothing, and the others mean nothing
};

/// Median and quartiles, by linear interpolation.
Spread spread_of(std::vector<double> values);

/// The value that `fraction` of the sorted values do not exceed. Requires: there are some.
double quantile(const std::vector<double>& sorted, double fraction);

/// A row divided by another one of its group, pair by pair: slices of the same round and of the same placement.
struct Ratio {
  std::string against;
  Spread spread;
  bool disturbed = false;        ///< too few pairs were undisturbed and alike: these are all
  std::size_t unlike_pairs = 0;  ///< left out, because the two slices found the CPUs placed differently
};

struct Row {
  std::string workload;  ///< "W1"
  std::string group;     ///< what its neighbours have in common: "64 B, 1024 slots"
  std::string name;      ///< the contestant
  std::string unit;      ///< "ns", "M/s", "KiB", ...
  Spread value;
  std::vector<Ratio> ratios;
  std::map<std::string, double> details;  ///< medians over the slices, by name
  std::size_t set_aside = 0;              ///< slices that do not count
  bool disturbed = false;                 ///< too few slices were undisturbed: the value is of all
  std::string remark;

  const Ratio* ratio_to(const std::string& name) const;
};

/// The first row that these name, or null.
const Row* find_row(const std::vector<Row>& rows, const std::string& workload, const std::string& group,
                    const std::string& name);

}  // namespace arena_shm::bench
