#include "filter/number.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace arena_shm::filter {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Wide kMost = (Wide{1} << 126) - 1 + (Wide{1} << 126);

bool is_whole(const Number& number, Wide value) { return number.kind == Number::Kind::whole && number.whole == value; }
bool is_real(const Number& number, double value) { return number.kind == Number::Kind::real && number.real == value; }
bool is_none(const Number& number) { return number.kind == Number::Kind::none; }

TEST(NumberTest, WholeNumbersBeyond128BitsAreNoValueInsteadOfWrapping) {
  EXPECT_TRUE(is_whole(add(whole(kMost - 1), whole(1)), kMost));
  EXPECT_TRUE(is_none(add(whole(kMost), whole(1))));
  EXPECT_TRUE(is_none(subtract(whole(-kMost), whole(2))));
  EXPECT_TRUE(is_none(multiply(whole(kMost), whole(2))));
  EXPECT_TRUE(is_none(negate(whole(-kMost - 1))));
  EXPECT_TRUE(is_none(absolute(whole(-kMost - 1))));
  EXPECT_TRUE(is_none(divide(whole(-kMost - 1), whole(-1))));
  EXPECT_TRUE(is_whole(remainder(whole(-kMost - 1), whole(-1)), 0));
  EXPECT_TRUE(is_none(add(none(), real(1))));
}

TEST(NumberTest, DividedByZeroIsNoValue) {
  EXPECT_TRUE(is_none(divide(whole(1), whole(0))));
  EXPECT_TRUE(is_none(divide(real(1), real(-0.0))));
  EXPECT_TRUE(is_none(remainder(whole(1), real(0))));
  EXPECT_TRUE(is_none(remainder(real(1), whole(0))));
}

TEST(NumberTest, QuotientsAreWholeOrTheNearestDouble) {
  EXPECT_TRUE(is_whole(divide(whole(-6), whole(3)), -2));
  EXPECT_TRUE(is_real(divide(whole(7), whole(2)), 3.5));
  EXPECT_TRUE(is_real(divide(whole(-7), whole(2)), -3.5));
  EXPECT_TRUE(is_real(divide(whole(1), whole(3)), 1.0 / 3.0));
  EXPECT_TRUE(is_whole(divide(whole(Wide{9007199254740993} * 3), whole(3)), 9007199254740993));
  // 2^53 + 1 + 1/3 is beyond the half between two doubles; rounded first to a whole number, it would be that half.
  EXPECT_TRUE(is_real(divide(whole(Wide{9007199254740993} * 3 + 1), whole(3)), 9007199254740994.0));
  EXPECT_TRUE(is_real(divide(whole(1), whole(kMost)), 0x1p-127));
}

TEST(NumberTest, RemaindersHaveTheSignOfTheirDivisor) {
  EXPECT_TRUE(is_whole(remainder(whole(-7), whole(3)), 2));
  EXPECT_TRUE(is_whole(remainder(whole(7), whole(-3)), -2));
  EXPECT_TRUE(is_whole(remainder(whole(-6), whole(3)), 0));
  EXPECT_TRUE(is_real(remainder(real(-7.5), whole(2)), 0.5));
  EXPECT_TRUE(is_real(remainder(real(7.5), whole(-2)), -0.5));
}

TEST(NumberTest, WholeAndRealNumbersAreComparedByTheirValues) {
  const Number odd = whole(9007199254740993);
  EXPECT_TRUE(holds(Relation::unequal, odd, real(9007199254740992.0)));
  EXPECT_TRUE(holds(Relation::greater, odd, real(9007199254740992.0)));
  EXPECT_TRUE(holds(Relation::less, real(9007199254740992.0), odd));
  EXPECT_TRUE(holds(Relation::less, whole(-3), real(-2.5)));
  EXPECT_TRUE(holds(Relation::greater, whole(-2), real(-2.5)));
  EXPECT_TRUE(holds(Relation::less, whole(2), real(2.5)));
  EXPECT_TRUE(holds(Relation::less, whole(kMost), real(0x1p127)));
  EXPECT_TRUE(holds(Relation::equal, whole(-kMost - 1), real(-0x1p127)));
  EXPECT_TRUE(holds(Relation::greater, whole(-kMost), real(-kInfinity)));
  EXPECT_TRUE(holds(Relation::equal, whole(0), real(-0.0)));
}

TEST(NumberTest, OfNanOnlyUnequalHoldsAndOfNoValueNothing) {
  for (const Relation relation : {Relation::equal, Relation::less, Relation::less_equal, Relation::greater,
                                  Relation::greater_equal, Relation::unequal}) {
    EXPECT_EQ(holds(relation, real(kNan), real(kNan)), relation == Relation::unequal);
    EXPECT_EQ(holds(relation, whole(1), real(kNan)), relation == Relation::unequal);
    EXPECT_FALSE(holds(relation, none(), none()));
    EXPECT_FALSE(holds(relation, real(kNan), none()));
  }
}

TEST(NumberTest, NegativeNumbersHaveBitsWithoutEnd) {
  EXPECT_TRUE(has_bits(whole(-1), whole(Wide{1} << 100)));
  EXPECT_TRUE(has_bits(whole(6), whole(4)));
  EXPECT_FALSE(has_bits(whole(6), whole(5)));
  EXPECT_TRUE(has_bits(whole(6), whole(0)));
  EXPECT_FALSE(has_bits(real(6), whole(4)));
}

}  // namespace
}  // namespace arena_shm::filter
