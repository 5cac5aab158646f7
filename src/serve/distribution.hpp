// How the numbers of a series are distributed: a histogram, and exact percentiles.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "serve/sort_key.hpp"

namespace arena_shm::serve {

struct Percentile {
  const char* name;
  std::uint64_t of_10000;
};
inline constexpr std::array<Percentile, 9> kPercentiles{{{"least", 0},
                                                         {"1 %", 100},
                                                         {"10 %", 1000},
                                                         {"50 %", 5000},
                                                         {"90 %", 9000},
                                                         {"99 %", 9900},
                                                         {"99.9 %", 9990},
                                                         {"99.99 %", 9999},
                                                         {"greatest", 10000}}};

struct Distribution {
  static constexpr std::size_t kBins = 48;

  std::uint64_t count = 0;                                ///< 0: the rest means nothing
  std::array<std::uint64_t, kPercentiles.size()> keys{};  ///< each a number that is among them
  std::vector<std::uint64_t> bins;                        ///< equally wide, from the least number to the greatest
};

/// Sorts the keys. Cost: some milliseconds for each 65536.
Distribution distribution_of(const Number& number, std::vector<std::uint64_t>& keys);

/// Appends it as an object of JSON.
void append_distribution(std::string& out, const Number& number, const Distribution& distribution);

}  // namespace arena_shm::serve
