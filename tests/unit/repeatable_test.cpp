// A writer that hands out its numbers last: where it dies, the next one goes on, and nothing is a hole.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>

#include "arena_shm/core/lane_writer.hpp"
#include "arena_shm/raw.hpp"
#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"
#include "unit/advance_fixture.hpp"

#ifndef ARENA_SHM_EMULATED  // else without the tool's parts
#include "inspect/check.hpp"
#include "inspect/image.hpp"
#endif

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using namespace test;

/// So many were written before; the batch has so many, and its writer dies where it makes the value `dies_at` of it.
struct Death {
  std::uint64_t before;
  std::uint64_t length;
  std::uint64_t dies_at;
};
class RepeatableTest : public ::testing::TestWithParam<Death> {
 protected:
  RepeatableTest() {
    auto writer = arena_.writer();
    while (arena_.head() < GetParam().before) writer.alloc(arena_.head() * 10);
  }
  static Seqs values(std::uint64_t first, std::uint64_t end) {
    Seqs values;
    for (; first < end; ++first) values.push_back(first * 10);
    return values;
  }
  /// Its batch, up to its death.
  void die() const {
    Child child([this] {
      const auto segment = RawArena::open(name_.str()).share();
      core::LaneWriter writer(std::make_shared<const core::SeatHold>(segment, "dying"));
      writer.alloc_batch<core::HandOut::last>(GetParam().length, [](std::size_t i, std::uint64_t* payload) noexcept {
        *payload = 1;  // not whole
        if (i == GetParam().dies_at) ::raise(SIGKILL);
        *payload = (GetParam().before + i) * 10;
      });
      return 0;
    });
    ASSERT_EQ(child.end(), "signal 9");
  }
  /// The lap's end that was handed out when it died.
  std::uint64_t head() const { return GetParam().before + GetParam().dies_at / kLap * kLap; }
  std::uint64_t whole() const { return GetParam().before + GetParam().dies_at; }

  TempName name_;
  Numbers arena_ = Numbers::create(name_, {.slots = kLap, .writers = Writers::exclusive});
};

TEST_P(RepeatableTest, WhatIsNotWholeIsNotHandedOut) {
  die();
  EXPECT_EQ(arena_.head(), head());
  auto reader = arena_.reader(From::at(0), {.hold = 1h});
  const Seqs seen = rest_of(reader);
  EXPECT_EQ(reader.hole_count(), 0U);
  EXPECT_EQ(reader.cursor(), whole()) << "what is whole comes";
  EXPECT_EQ(reader.lag(), 0U);
  EXPECT_EQ(arena_.read(whole()).status, ReadStatus::not_yet);
  EXPECT_TRUE(seen.empty() || seen.back() == whole() - 1);
}

TEST_P(RepeatableTest, AReaderLosesWhatIsWrittenOverAndNoMore) {
  die();
  auto reader = arena_.reader(From::oldest, {.hold = 1h});
  const std::uint64_t begin = reader.cursor();
  const std::uint64_t oldest = std::max(begin, whole() + 1 - std::min(whole() + 1, kLap));  // one more is begun
  EXPECT_EQ(rest_of(reader).size(), whole() - oldest);
  EXPECT_EQ(reader.overwritten_count(), oldest - begin);
  EXPECT_EQ(reader.passed_over_count(), 0U);
}

TEST_P(RepeatableTest, TheNextWriterGoesOnWithTheFirstThatIsNotWhole) {
  auto early = arena_.reader(From::at(0), {.hold = 1h});
  die();
  rest_of(early);
  auto writer = arena_.writer();
  EXPECT_EQ(arena_.head(), whole());
  auto late = arena_.reader(From::at(0), {.hold = 1h});
  const SeqRange range = writer.alloc_repeatable(values(whole(), whole() + kLap));
  EXPECT_EQ(range.first, whole());
  EXPECT_EQ(range.last, whole() + kLap - 1);
  for (std::uint64_t seq = whole(); seq < whole() + kLap; ++seq) EXPECT_EQ(*arena_.read(seq), seq * 10);
  for (auto* reader : {&early, &late}) {
    rest_of(*reader);
    EXPECT_EQ(reader->hole_count(), 0U);
    EXPECT_EQ(reader->cursor(), whole() + kLap);
  }
}

TEST_P(RepeatableTest, AnyWriterGoesOnThere) {
  die();
  auto writer = arena_.writer();
  EXPECT_EQ(writer.alloc(whole() * 10).seq, whole());
  EXPECT_EQ(*arena_.read(whole()), whole() * 10);
}

#ifndef ARENA_SHM_EMULATED
TEST_P(RepeatableTest, WhatIsLeftIsSound) {
  die();
  const auto image = inspect::Image::of_arena(name_.str());
  EXPECT_FALSE(inspect::check(image, 1ms).has_failed());
  SegmentFile file(name_);
  const std::uint64_t beyond = whole() + 1;
  file.stamp(beyond % kLap) = core::done(beyond);
  EXPECT_TRUE(inspect::check(image, 1ms).has_failed()) << "with a value in between missing";
}
#endif

INSTANTIATE_TEST_SUITE_P(Deaths, RepeatableTest,
                         ::testing::Values(Death{0, 3, 0}, Death{0, 3, 2}, Death{5, 8, 0}, Death{5, 8, 4},
                                           Death{5, 8, 7}, Death{21, 20, 6}, Death{21, 20, 8}, Death{21, 20, 13}),
                         [](const auto& tested) {
                           return "behind" + std::to_string(tested.param.before) + "at" +
                                  std::to_string(tested.param.dies_at) + "of" + std::to_string(tested.param.length);
                         });

TEST(RepeatableWriterTest, WritesAsAnyBatch) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = kLap, .writers = Writers::laned, .seats = 2});
  auto first = arena.writer();
  auto second = arena.writer();
  Seqs values;
  for (std::uint64_t n = 0; n < 2 * kLap + 3; ++n) values.push_back((2 * n + second.seat()) * 10);
  const SeqRange range = second.alloc_repeatable(values);
  EXPECT_EQ(range.count, values.size());
  EXPECT_EQ(range.last, (values.size() - 1) * 2 + second.seat());
  EXPECT_EQ(arena.count(), values.size());
  auto reader = arena.reader(From::oldest);
  EXPECT_EQ(rest_of(reader).size(), kLap);
}

TEST(RepeatableWriterTest, NeedsNumbersOfItsOwnNoTimesAndNoConsumers) {
  const Seqs values{0};
  for (const Options& options :
       {Options{.slots = kLap}, Options{.slots = kLap, .writers = Writers::exclusive, .time = true},
        Options{.slots = kLap, .writers = Writers::exclusive, .full = Full::wait}}) {
    const TempName name;
    auto arena = Numbers::create(name, options);
    auto writer = arena.writer();
    EXPECT_EQ(code_of([&] { writer.alloc_repeatable(values); }), Code::invalid_argument);
    EXPECT_EQ(arena.count(), 0U);
  }
}

}  // namespace
}  // namespace arena_shm
