#include "serve/distribution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace arena_shm::serve {

Distribution distribution_of(const Number& number, std::vector<std::uint64_t>& keys) {
  Distribution result;
  result.count = keys.size();
  if (keys.empty()) return result;
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 0; i < kPercentiles.size(); ++i) {
    // The nearest rank: the lowest number that so many percent are not above.
    const std::uint64_t rank = (keys.size() * kPercentiles[i].of_10000 + 9999) / 10000;
    result.keys[i] = keys[std::max<std::uint64_t>(rank, 1) - 1];
  }
  result.bins.assign(Distribution::kBins, 0);
  // Halves, so that the range of all doubles is one.
  const double least = about(number, keys.front()) / 2;
  const double span = about(number, keys.back()) / 2 - least;
  for (const std::uint64_t key : keys) {
    const double part = span > 0 ? (about(number, key) / 2 - least) / span : 0;
    const auto bin = static_cast<std::size_t>(part * static_cast<double>(Distribution::kBins));
    ++result.bins[std::min(bin, Distribution::kBins - 1)];
  }
  return result;
}

void append_distribution(std::string& out, const Number& number, const Distribution& distribution) {
  fmt::format_to(std::back_inserter(out), R"({{"count":"{}","percentiles":[)", distribution.count);
  for (std::size_t i = 0; distribution.count > 0 && i < kPercentiles.size(); ++i) {
    fmt::format_to(std::back_inserter(out), R"({}["{}",)", i > 0 ? "," : "", kPercentiles[i].name);
    append_number(out, number, distribution.keys[i]);
    out += ']';
  }
  fmt::format_to(std::back_inserter(out), R"(],"bins":[{}]}})", fmt::join(distribution.bins, ","));
}

}  // namespace arena_shm::serve
