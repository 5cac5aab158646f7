// When the values of one arena mean something else in the next one.
#include "schema/meaning.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "schema/fields_language.hpp"

namespace arena_shm::schema {
namespace {

/// Of two that are the same but for what is changed: "expected, found".
std::string difference(const std::function<void(Schema& before, Schema& now)>& change) {
  Schema before = parse_fields("u64 ts, i8 side");
  before.time_field = "ts";
  before.fields[0].unit = "ns";
  before.fields[1].enumerators = {{"buy", 0}, {"sell", 1}};
  Schema now = before;
  change(before, now);
  const auto found = difference_in_meaning(before, now);
  return found ? found->expected + ", " + found->found : "";
}

TEST(MeaningTest, AUnitIsAnotherOne) {
  EXPECT_EQ(difference([](Schema&, Schema& now) { now.fields[0].unit = "s"; }), "field 'ts' in ns, field 'ts' in s");
  EXPECT_EQ(difference([](Schema& before, Schema&) { before.fields[0].unit = ""; }),
            "field 'ts' without a unit, field 'ts' in ns");
}

TEST(MeaningTest, AnotherFieldIsTheTime) {
  EXPECT_EQ(difference([](Schema&, Schema& now) { now.time_field = ""; }),
            "the time in field 'ts', records without a time field");
}

TEST(MeaningTest, ANameIsAnotherValuesOrAValueHasAnotherName) {
  EXPECT_EQ(difference([](Schema&, Schema& now) {
              now.fields[1].enumerators = {{"sell", 0}, {"buy", 1}};
            }),
            "'buy' as 0 in field 'side', 'buy' as 1 in field 'side'");
  EXPECT_EQ(difference([](Schema&, Schema& now) { now.fields[1].enumerators[0].name = "bid"; }),
            "'buy' as 0 in field 'side', 'bid' as 0 in field 'side'");
  EXPECT_EQ(difference([](Schema&, Schema& now) { now.fields[1].enumerators[1].value = ~std::uint64_t{0}; }),
            "'sell' as 1 in field 'side', 'sell' as -1 in field 'side'");
}

TEST(MeaningTest, NamesThatOnlyOneHasAreNoDifference) {
  const auto none = [](const std::vector<Enumerator>& before, const std::vector<Enumerator>& now) {
    return difference([&](Schema& a, Schema& b) {
      a.fields[1].enumerators = before;
      b.fields[1].enumerators = now;
    });
  };
  EXPECT_EQ(none({{"buy", 0}}, {{"buy", 0}, {"sell", 1}}), "");
  EXPECT_EQ(none({{"buy", 0}, {"sell", 1}}, {{"sell", 1}}), "");
  EXPECT_EQ(none({{"buy", 0}, {"bid", 0}}, {{"bid", 0}}), "");
  EXPECT_EQ(none({{"bid", 0}}, {{"buy", 0}, {"bid", 0}}), "");
  EXPECT_EQ(none({}, {{"buy", 0}}), "");
}

}  // namespace
}  // namespace arena_shm::schema
