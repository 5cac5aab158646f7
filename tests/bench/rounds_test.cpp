// What is made of slices: which ones count, and what is said of them.
#include "bench/harness/rounds.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "bench/channels/names.hpp"

namespace arena_shm::bench {
namespace {

Slice good(double value, double probe_ns = 0) { return {.value = value, .details = {}, .probe_ns = probe_ns}; }
Slice disturbed(double value) { return {.value = value, .details = {{"p90", 2 * value}}, .disturbed = true}; }
Slice empty() { return {.value = 0, .details = {}, .empty = true}; }

/// Has these slices, again and again. The one that warms up is the last of them.
Contestant made_up(const std::string& name, std::vector<std::string> against, std::vector<Slice> slices) {
  const auto next = std::make_shared<std::size_t>(slices.size() - 1);
  return {.name = name, .against = std::move(against), .run = [slices, next](Nanoseconds) {
            return slices[(*next)++ % slices.size()];
          }};
}

std::vector<Row> measure(const std::vector<Contestant>& contestants) {
  Settings settings;
  settings.rounds = 4;  // so there are at most twelve
  return run_rounds("W0", "made up", contestants, settings);
}

TEST(RoundsTest, UndisturbedSlicesCountAlone) {
  const Row row = measure({made_up("a", {}, {good(10), disturbed(90), good(10)})}).front();
  EXPECT_EQ(row.value.median, 10);
  EXPECT_EQ(row.value.count, 4U);
  EXPECT_EQ(row.set_aside, 2U);
  EXPECT_FALSE(row.disturbed);
}

TEST(RoundsTest, IfAllAreDisturbedAllCountAndTheRowSaysSo) {
  const Row row = measure({made_up("a", {}, {disturbed(10), disturbed(30)})}).front();
  EXPECT_EQ(row.value.median, 20);
  EXPECT_EQ(row.value.count, 12U);
  EXPECT_EQ(row.details.at("p90"), 40);
  EXPECT_EQ(row.set_aside, 0U);
  EXPECT_TRUE(row.disturbed);
}

// A process that slept during its slice was not disturbed.
TEST(RoundsTest, OneUndisturbedSliceOfTwelveIsNoBetterThanTheOthers) {
  std::vector<Slice> slices(11, disturbed(10));
  slices.push_back(good(1e6));
  const Row row = measure({made_up("a", {}, slices)}).front();
  EXPECT_EQ(row.value.median, 10);
  EXPECT_TRUE(row.disturbed);
}

TEST(RoundsTest, SlicesWithoutAValueNeverCount) {
  const std::vector<Row> rows =
      measure({made_up("a", {"b"}, {empty()}), made_up("b", {"a"}, {disturbed(10), empty()})});
  EXPECT_EQ(rows[0].value.count, 0U);
  EXPECT_FALSE(rows[0].disturbed);
  EXPECT_EQ(rows[0].ratio_to("b")->spread.count, 0U);
  EXPECT_EQ(rows[1].value.median, 10);
  EXPECT_EQ(rows[1].value.count, 6U);
}

TEST(RoundsTest, RatiosOfDisturbedPairsAreMarked) {
  const std::vector<Row> rows = measure({made_up("a", {"b"}, {good(20)}), made_up("b", {}, {disturbed(10)})});
  const Ratio& ratio = *rows[0].ratio_to("b");
  EXPECT_FALSE(rows[0].disturbed);
  EXPECT_TRUE(ratio.disturbed);
  EXPECT_EQ(ratio.spread.median, 2);
}

TEST(RoundsTest, PairsOfUnlikePlacementsAreLeftOutWhereOthersAreThere) {
  const Contestant floor = made_up("b", {}, {good(10, 50), good(10, 50)});
  const Ratio some = *measure({made_up("a", {"b"}, {good(20, 50), good(90, 250)}), floor})[0].ratio_to("b");
  EXPECT_EQ(some.spread.median, 2);
  EXPECT_EQ(some.unlike_pairs, 2U);
  EXPECT_FALSE(some.disturbed);
  const Ratio none = *measure({made_up("a", {"b"}, {good(90, 250), good(90, 250)}), floor})[0].ratio_to("b");
  EXPECT_EQ(none.spread.median, 9);
  EXPECT_TRUE(none.disturbed);
}

TEST(RoundsTest, NothingIsComparedWithItselfOrWithWhatIsNotThere) {
  const Row row = measure({made_up("a", {"a", "peer that is not installed"}, {good(1)})}).front();
  EXPECT_TRUE(row.ratios.empty());
}

TEST(RoundsTest, TheProbeAroundASliceIsSomethingToCompareWith) {
  const Row row = measure({made_up("a", {kProbe}, {good(100, 50)})}).front();
  EXPECT_EQ(row.ratio_to(kProbe)->spread.median, 2);
}

}  // namespace
}  // namespace arena_shm::bench
