#include "plot/bins.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>

namespace arena_shm::plot {
namespace {

TEST(BinsTest, OneValueInAMillionThatStandsOutIsThereWhateverTheWidth) {
  Bins bins(2, 1, 64);
  for (std::int64_t at = 0; at < 1'000'000; ++at)
    bins.add(at, std::array{at == 654'321 ? 9.0 : 1.0, static_cast<double>(at)});
  EXPECT_LE(bins.bins().size(), 128U);
  EXPECT_GE(bins.bins().size(), 64U);
  const auto columns = bins.columns(0, 0, 999'999, 50);
  const auto spike = std::ranges::max_element(columns, {}, &Extremes::greatest);
  EXPECT_EQ(spike->greatest, 9.0);
  EXPECT_EQ(spike->greatest_at, 654'321);
  EXPECT_EQ(spike - columns.begin(), 32);
  EXPECT_EQ(bins.columns(1, 0, 999'999, 1).front().greatest, 999'999.0);
}

TEST(BinsTest, WhatIsNoNumberIsNotThere) {
  Bins bins(1, 10, 64);
  bins.add(0, std::array{std::numeric_limits<double>::quiet_NaN()});
  bins.add(1, std::array{std::numeric_limits<double>::infinity()});
  EXPECT_FALSE(bins.columns(0, 0, 10, 1).front().is_there());
}

TEST(BinsTest, PlacesBelowZeroAndLateOnesHaveTheirBins) {
  Bins bins(1, 10, 64);
  for (const std::int64_t at : {5, -5, -11, 4}) bins.add(at, std::array{static_cast<double>(at)});
  ASSERT_EQ(bins.bins().size(), 3U);
  EXPECT_EQ(bins.first(), -20);
  EXPECT_EQ(bins.last(), 5);
  EXPECT_EQ(bins.bins().at(0)[0].least, 4);
  bins.forget_before(-10);
  EXPECT_EQ(bins.first(), -10);
}

TEST(BinsTest, PlacesAreAsFarApartAsTheyCanBe) {
  Bins bins(1, 1, 64);
  constexpr auto kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t at : {kFirst, std::int64_t{0}, kLast}) bins.add(at, std::array{1.0});
  const auto columns = bins.columns(0, kFirst, kLast, 3);
  for (const Extremes& column : columns) EXPECT_TRUE(column.is_there());
}

}  // namespace
}  // namespace arena_shm::plot
