// What is printed of figures, which are made up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "bench/channels/names.hpp"
#include "bench/report/report.hpp"
#include "text/columns.hpp"

namespace arena_shm::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

Spread spread(double median) { return {median, 0.95 * median, 1.05 * median, 9}; }
Spread narrow(double median) { return {median, 0.999 * median, 1.001 * median, 9}; }

Row row_of(const std::string& name, const std::string& unit, std::vector<Ratio> ratios) {
  return {.workload = "W1",
          .group = size_and_slots(64, 1024),
          .name = name,
          .unit = unit,
          .value = spread(8),
          .ratios = std::move(ratios),
          .details = {},
          .remark = {}};
}

/// The page of a row with one ratio.
std::string page(const std::string& name, const std::string& unit, const std::string& against, const Spread& ratio) {
  return rows_text("W1", {row_of(name, unit, {{.against = against, .spread = ratio}})}, 80);
}

std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) most = std::max(most, text::column_count(line));
  return most;
}

TEST(TableTest, TheLongestNamesAndFiguresFitAnOrdinaryTerminal) {
  Row row = row_of(kBoostMutex, "GB/s",
                   {{.against = kMemcpy16Floor, .spread = spread(123456), .disturbed = true},
                    {.against = kBatch, .spread = spread(0.0123456)},
                    {.against = kOneLineFloor, .spread = spread(0.9), .unlike_pairs = 27}});
  row.value = spread(12345678);
  row.disturbed = true;
  row.set_aside = 27;
  row.details = {{"p50", 1e6}, {"p90", 1e6}, {"p99", 1e6}, {"p99.9", 1e6}, {"probe", 250}, {"writer p50", 1e6}};
  row.remark = "nothing to compare with: arena-shm is neither /usr/bin/arena-shm nor /usr/local/bin/arena-shm";
  EXPECT_LE(widest(rows_text("W1: one alloc", {row}, 80)), 80U);
  row.name = kShared;
  EXPECT_LE(widest(rows_text("W1: one alloc", {row}, 80)), 80U);
  const Goal goal{"W1", size_and_slots(64, 65536), kBatch, kMemcpy16Floor, 1.4, 1.25, true};
  EXPECT_LE(
      widest(goals_text({{.goal = goal, .ratio = spread(12345), .disturbed = true}, {.goal = goal, .ratio = {}}}, 80)),
      80U);
  const Machine machine{.facts = {{"flags", std::string(60, 'f') + " " + std::string(60, 'g')}},
                        .warnings = {"a warning that has " + std::string(20, 'v') + " " + std::string(50, 'w')}};
  EXPECT_LE(widest(machine_text(machine, 80)), 80U);
}

TEST(TableTest, WhatIsDisturbedIsMarkedAndTheMarkExplained) {
  Row row = row_of(kShared, "ns", {{.against = kSpsc, .spread = spread(2), .disturbed = true}});
  const std::string text = rows_text("W1", {row}, 80);
  EXPECT_THAT(text, HasSubstr(" 2.00* "));
  EXPECT_THAT(text, Not(HasSubstr(" 8.00* ")));
  EXPECT_THAT(text, HasSubstr("* disturbed: "));
  row.disturbed = true;
  EXPECT_THAT(rows_text("W1", {row}, 80), HasSubstr(" 8.00* "));
  EXPECT_THAT(page(kShared, "ns", kSpsc, spread(2)), Not(HasSubstr("*")));
}

TEST(TableTest, WhatIsFasterThanItsFloorIsExplained) {
  const std::string said = "that is no floor";
  EXPECT_THAT(page(kShared, "ns", kFetchAddFloor, narrow(0.8)), HasSubstr(said));
  EXPECT_THAT(page(kShared, "M/s", kFetchAddFloor, narrow(1.2)), HasSubstr(said));
  EXPECT_THAT(page(kShared, "ns", kFetchAddFloor, narrow(1.2)), Not(HasSubstr("faster")));
  EXPECT_THAT(page(kShared, "M/s", kFetchAddFloor, narrow(0.8)), Not(HasSubstr("faster")));
  EXPECT_THAT(page(kShared, "ns", kFetchAddFloor, spread(0.98)), HasSubstr("hardly faster"));
  EXPECT_THAT(page(kShared, "ns", kSharedStores, narrow(0.8)), HasSubstr("faster, although the other one does less\n"));
}

TEST(TableTest, NothingIsSaidOfPeersAndOfFloorsAmongThemselves) {
  EXPECT_THAT(page(kShared, "ns", kMessageQueue, narrow(0.4)), Not(HasSubstr("faster")));
  EXPECT_THAT(page(kOneLineFloor, "ns", kProbe, narrow(0.9)), Not(HasSubstr("faster")));
}

TEST(TableTest, OnlyWhatDoesTheLeastIsCalledAFloor) {
  for (const std::string& name : {kExclusiveStores, kSharedStores, kBatchStores, kBareLines, kBareFutex, kProbe}) {
    EXPECT_FALSE(is_floor(name)) << name;
    EXPECT_TRUE(does_less(name)) << name;
  }
}

TEST(TableTest, SmallRatiosKeepTheirDigits) {
  EXPECT_THAT(page(kShared, "ns", kMessageQueue, spread(0.064)), HasSubstr(" 0.064 "));
  EXPECT_THAT(page(kShared, "ns", kMessageQueue, spread(0.0004)), HasSubstr(" 0.0004 "));
}

TEST(GoalsTest, OnlyOfWhatWasMeasured) {
  EXPECT_TRUE(compare_with_goals({}).empty());
  EXPECT_EQ(goals_text({}, 80), "");
  const std::vector<Outcome> outcomes =
      compare_with_goals({row_of(kShared, "ns", {{.against = kFetchAddFloor, .spread = spread(1.2)}})});
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].verdict(outcomes[0].goal.first), "met");
  EXPECT_EQ(outcomes[0].verdict(outcomes[0].goal.ambition), "not met");
}

TEST(GoalsTest, WhatRestsUponDisturbedSlicesIsMarked) {
  const std::vector<Outcome> outcomes = compare_with_goals(
      {row_of(kShared, "ns", {{.against = kFetchAddFloor, .spread = spread(1.2), .disturbed = true}})});
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_THAT(goals_text(outcomes, 80), HasSubstr(" 1.20* "));
  EXPECT_THAT(goals_text(outcomes, 80), HasSubstr("* disturbed: "));
  const bench::Run run{.machine = {}, .settings = {}, .rows = {}, .goals = outcomes};
  EXPECT_THAT(to_json(run), HasSubstr("\"disturbed\": true"));
}

}  // namespace
}  // namespace arena_shm::bench
