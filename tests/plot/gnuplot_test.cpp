#include "plot/gnuplot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace arena_shm::plot {
namespace {

using testing::HasSubstr;

TEST(GnuplotTest, WhatIsNoNumberInFrontTakesNoPlaceOnTheAxis) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Bins bins(2, 1, 64);
  for (const std::array<double, 2>& values : {std::array{kNan, kNan}, std::array{kNan, 7.0}, std::array{1.5, 8.0}})
    bins.add(1'000'000'000 + static_cast<std::int64_t>(bins.bins().size()) * 1000, values);
  const std::string script = gnuplot_script("t", std::vector<Series>(2), bins, {.is_time = true});
  EXPECT_THAT(script, HasSubstr("$d0 << EOD\n0.000001000 1.5\nEOD\n"));
  EXPECT_THAT(script, HasSubstr("$d1 << EOD\n0.000000000 7\n0.000001000 8\nEOD\n"));
}

}  // namespace
}  // namespace arena_shm::plot
