// Consumers that release up to a place: what is behind it stays theirs.
#include "arena_shm/consumer.hpp"
#include "unit/group_fixture.hpp"

namespace arena_shm {
namespace {

using test::code_of;

class ReleaseTest : public test::GroupFixture {
 protected:
  ReleaseTest() : writer_(arena_.writer()) {}
  Consumer<Tick> consumer(ConsumerOptions options = {}) {
    options.release = Release::explicitly;
    return arena_.consumer("risk", options);
  }
  /// With a ring full of values behind it.
  Consumer<Tick> waited_for(const ConsumerOptions& options = {}) {
    auto mine = consumer(options);
    EXPECT_EQ(fill(), kSlots);
    return mine;
  }
  /// Behind `count` values of the writer.
  Position behind(std::uint64_t count) const {
    const std::uint64_t lanes = arena_.info().lanes;
    std::vector<std::uint64_t> next(lanes);
    for (std::uint64_t k = 0; k < lanes; ++k) next[k] = k;
    next.front() += count * lanes;  // the writer has the first lane
    return Position(next);
  }
  /// How many values find room.
  std::uint64_t fill() {
    std::uint64_t count = 0;
    while (writer_.try_alloc(written_)) ++written_, ++count;
    return count;
  }

  Writer<Tick> writer_;
  Tick written_ = 0;
};
INSTANTIATE_FOR_EACH_KIND(ReleaseTest);

TEST_P(ReleaseTest, WhatIsBeforeThePlaceMakesRoomAndNoMore) {
  auto mine = waited_for();
  EXPECT_EQ(take_all(mine), range(0, kSlots));
  EXPECT_EQ(fill(), 0U);
  mine.release(behind(3));
  EXPECT_EQ(fill(), 3U);
  mine.release(behind(5));
  EXPECT_EQ(fill(), 2U);
  mine.release();
  EXPECT_EQ(fill(), kSlots - 5);
}

TEST_P(ReleaseTest, APlaceThatWasReleasedBeforeTakesNothingBack) {
  auto mine = waited_for();
  take_all(mine);
  mine.release(behind(5));
  mine.release(behind(2));
  EXPECT_EQ(fill(), 5U);
}

TEST_P(ReleaseTest, WhatItHasNotGotItDoesNotRelease) {
  auto mine = waited_for();
  for (Tick i = 0; i < 4; ++i) ASSERT_TRUE(mine.next());
  mine.release(behind(kSlots));
  EXPECT_EQ(fill(), 4U);
  EXPECT_EQ(take_all(mine), range(4, kSlots + 4));
}

TEST_P(ReleaseTest, ADurableOneComesBackToThePlace) {
  {
    auto mine = waited_for({.durable = true});
    take_all(mine);
    mine.release(behind(6));
  }
  auto mine = consumer({.durable = true});
  EXPECT_EQ(take_all(mine), range(6, kSlots));
}

TEST_P(ReleaseTest, AnEvictionReleasesNothing) {
  auto mine = waited_for();
  for (Tick i = 0; i < 4; ++i) ASSERT_TRUE(mine.next());
  arena_.evict_consumer("risk");
  EXPECT_EQ(code_of([&] { mine.next(); }), Code::evicted);
  EXPECT_EQ(mine.next()->value, 4U);
  EXPECT_EQ(fill(), 0U);
  mine.release(behind(3));
  EXPECT_EQ(fill(), 3U);
}

TEST_P(ReleaseTest, RefusesWhatIsNoPlaceInTheArena) {
  auto mine = waited_for();
  take_all(mine);
  std::vector<std::uint64_t> next = behind(kSlots).next();
  next.push_back(next.size());
  EXPECT_EQ(code_of([&] { mine.release(Position(next)); }), Code::invalid_argument);
  next.assign(arena_.info().lanes, ~std::uint64_t{0});
  EXPECT_EQ(code_of([&] { mine.release(Position(next)); }), Code::invalid_argument);
  EXPECT_EQ(fill(), 0U);
}

TEST_P(ReleaseTest, AMemberOfAGroupHasNoPlace) {
  auto mine = member();
  fill();
  ASSERT_TRUE(mine.next());
  EXPECT_EQ(code_of([&] { mine.release(behind(1)); }), Code::invalid_argument);
}

TEST_P(ReleaseTest, InAForkedChildIsRefused) {
  auto mine = waited_for();
  take_all(mine);
  test::Child child([&] { return code_of([&] { mine.release(behind(kSlots)); }) == Code::forked ? 0 : 1; });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(fill(), 0U);
}

}  // namespace
}  // namespace arena_shm
