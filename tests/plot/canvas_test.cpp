#include "plot/canvas.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace arena_shm::plot {
namespace {

std::vector<Extremes> curve(const std::vector<double>& values) {
  std::vector<Extremes> columns(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) columns[i].add(values[i], static_cast<std::int64_t>(i));
  return columns;
}

const Series kSeries{.name = "px", .unit = "USD", .field = {}};

TEST(CanvasTest, ACurveRisesFromTheLeastToTheGreatest) {
  const auto lines = draw(kSeries, curve({1, 2, 3, 4}), 4, 4, 26, Dots::ascii);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0], "px USD  4  from 1 to 4");
  EXPECT_EQ(lines[1], "         4 |   *          ");
  EXPECT_EQ(lines[2], "           |  **          ");
  EXPECT_EQ(lines[3], "           | **           ");
  EXPECT_EQ(lines[4], "         1 |**            ");
}

TEST(CanvasTest, BrailleHasEightDotsACharacter) {
  const auto lines = draw(kSeries, curve({0, 1, 2, 3}), 3, 1, 26, Dots::braille);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].substr(0, 22), "         3 \u2502\u28e0\u281e  ");
}

TEST(CanvasTest, ASpikeOfOneColumnIsJoinedToItsNeighbours) {
  const auto lines = draw(kSeries, curve({0, 0, 9, 0, 0}), 0, 3, 26, Dots::ascii);
  EXPECT_EQ(lines[1], "         9 |  **          ");
  EXPECT_EQ(lines[2], "           |  **          ");
  EXPECT_EQ(lines[3], "         0 |*****         ");
}

TEST(CanvasTest, WhereThereIsNothingForAWhileIsAStraightLine) {
  std::vector<Extremes> columns = curve({0, 0, 0, 0, 4});
  columns[1] = columns[2] = columns[3] = {};
  const auto lines = draw(kSeries, columns, 4, 5, 26, Dots::ascii);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(lines[5 - i].find('*'), 12 + i);
}

TEST(CanvasTest, AConstantIsALineAndNothingIsSaid) {
  EXPECT_EQ(draw(kSeries, curve({5, 5, 5}), 5, 3, 26, Dots::ascii)[2], "           |***           ");
  EXPECT_EQ(draw(kSeries, {Extremes{}}, 0, 1, 26, Dots::ascii)[0], "px USD  no value that is a number");
}

TEST(CanvasTest, FromTheLeastNumberToTheGreatestThereIsRoomForAll) {
  constexpr double kMost = std::numeric_limits<double>::max();
  const auto lines = draw(kSeries, curve({-kMost, 0, kMost}), 0, 3, 26, Dots::ascii);
  EXPECT_EQ(lines[1].substr(10), " |  *           ");
  EXPECT_EQ(lines[2].substr(10), " | **           ");
  EXPECT_EQ(lines[3].substr(10), " |**            ");
  constexpr double kLeast = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(draw(kSeries, curve({0, kLeast}), 0, 2, 26, Dots::ascii)[1].substr(10), " | *            ");
}

}  // namespace
}  // namespace arena_shm::plot
