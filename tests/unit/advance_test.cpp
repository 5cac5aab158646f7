// A writer that has its numbers alone leaves some of them out: they are holes for every reader, whatever the ring
// holds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"
#include "unit/advance_fixture.hpp"
#include "unit/reader_fixture.hpp"

#ifdef ARENA_SHM_EMULATED  // without the tool's parts
#define ARENA_SHM_CHECKED(...) static_cast<void>(0)
#else
#include "inspect/check.hpp"
#include "inspect/image.hpp"
#define ARENA_SHM_CHECKED(...) __VA_ARGS__
#endif

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using namespace test;

#ifndef ARENA_SHM_EMULATED
void expect_sound(const TempName& name, std::uint64_t holes) {
  const auto image = inspect::Image::of_arena(name.str());
  const inspect::Checked checked = inspect::check(image, 1ms);
  EXPECT_FALSE(checked.has_failed());
  ASSERT_FALSE(checked.verified.empty());
  bool told = false;
  for (const std::string& text : checked.verified)
    told = told || text.find(std::to_string(holes) + (holes == 1 ? " hole" : " holes")) != std::string::npos;
  EXPECT_TRUE(told) << holes;
}
#endif

/// So many numbers are written first, and so many are left out: less than a lap, a lap, more; at the wrap and not.
struct Cut {
  std::uint64_t before;
  std::uint64_t out;
};
class AdvanceTest : public ::testing::TestWithParam<Cut> {
 protected:
  AdvanceTest() {
    while (arena_.head() < GetParam().before) writer_.alloc(arena_.head() * 10);
  }
  std::uint64_t target() const { return GetParam().before + GetParam().out; }
  TempName name_;
  Numbers arena_ = Numbers::create(name_, {.slots = kLap, .writers = Writers::exclusive});
  Writer<std::uint64_t> writer_ = arena_.writer();
  test::SegmentFile file_{name_};
};

TEST_P(AdvanceTest, WhatIsLeftOutIsAHoleAtOnceThoughTheWriterLives) {
  const auto [before, out] = GetParam();
  EXPECT_EQ(writer_.advance_to(target()), out);
  EXPECT_EQ(arena_.head(), target());
  for (std::uint64_t seq = before; seq < target(); ++seq) EXPECT_EQ(arena_.read(seq).status, ReadStatus::hole) << seq;
  EXPECT_EQ(arena_.read(target()).status, ReadStatus::not_yet);
  for (std::uint64_t seq = before > kLap ? before - kLap : 0; seq < before; ++seq)
    EXPECT_EQ(arena_.read(seq).status, ReadStatus::ok) << "nothing is written over: " << seq;
  EXPECT_EQ(file_.seat(0).values, before);
  EXPECT_EQ(file_.seat(0).skipped, out);
}

TEST_P(AdvanceTest, TheNextValueHasTheNumberThatWasAskedFor) {
  const auto [before, out] = GetParam();
  writer_.advance_to(target());
  for (std::uint64_t seq = target(); seq < target() + 2 * kLap; ++seq) {
    EXPECT_EQ(writer_.alloc(seq * 10).seq, seq);
    EXPECT_EQ(*arena_.read(seq), seq * 10);
    for (std::uint64_t gone = before; gone < target(); ++gone) {
      const bool lapped = gone % kLap == seq % kLap || seq - target() >= kLap;
      if (!lapped) continue;
      EXPECT_EQ(arena_.read(gone).status, ReadStatus::overwritten) << "the slot was handed on";
    }
  }
  EXPECT_EQ(arena_.latest()->seq, target() + 2 * kLap - 1);
  EXPECT_EQ(file_.seat(0).values, before + 2 * kLap);
}

TEST_P(AdvanceTest, AFollowerCountsThemAsHoles) {
  const auto [before, out] = GetParam();
  auto reader = arena_.reader(From::at(0), {.hold = 1h});
  rest_of(reader);
  std::vector<Gap> gaps;
  reader.on_gap([&](const Gap& gap) { gaps.push_back(gap); });
  writer_.advance_to(target());
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_EQ(reader.hole_count(), out);
  EXPECT_EQ(reader.cursor(), target());
  EXPECT_EQ(gaps, (std::vector<Gap>{{before, target() - 1, Loss::hole}}));
  for (std::uint64_t seq = target(); seq < target() + 3; ++seq) writer_.alloc(seq * 10);
  EXPECT_EQ(rest_of(reader), (Seqs{target(), target() + 1, target() + 2}));
  EXPECT_EQ(reader.passed_over_count(), 0U);
}

TEST_P(AdvanceTest, AFollowerThatComesLateCountsEachOnce) {
  const auto [before, out] = GetParam();
  auto reader = arena_.reader(From::at(before), {.hold = 1h});
  writer_.advance_to(target());
  Seqs written;
  for (std::uint64_t seq = target(); seq < target() + 3; ++seq) written.push_back(writer_.alloc(seq * 10).seq);
  EXPECT_EQ(rest_of(reader), written);
  EXPECT_EQ(reader.passed_over_count(), 0U);
  EXPECT_EQ(reader.hole_count() + reader.overwritten_count(), out);
  std::uint64_t lapped = 0;  // their slots have a value from behind the gap
  for (std::uint64_t seq = before; seq < target(); ++seq) {
    for (const std::uint64_t value : written) lapped += std::uint64_t{value % kLap == seq % kLap};
  }
  EXPECT_EQ(reader.overwritten_count(), lapped);
}

TEST_P(AdvanceTest, ALatestValueIsOneOfTheNewestLap) {
  const auto [before, out] = GetParam();
  writer_.advance_to(target());
  const auto latest = arena_.latest();
  EXPECT_EQ(latest.has_value(), before > 0 && out < kLap);
  if (latest) {
    EXPECT_EQ(latest->seq, before - 1);
  }
}

TEST_P(AdvanceTest, ABatchGoesOnBehindThem) {
  writer_.advance_to(target());
  Seqs values;
  for (std::uint64_t seq = target(); seq < target() + kLap + 3; ++seq) values.push_back(seq * 10);
  const SeqRange range = writer_.alloc(values);
  EXPECT_EQ(range.first, target());
  EXPECT_EQ(range.last, target() + kLap + 2);
  auto reader = arena_.reader(From::oldest);
  EXPECT_EQ(rest_of(reader).size(), kLap);
}

TEST_P(AdvanceTest, ACheckFindsHolesAndNothingWrong) {
  writer_.advance_to(target());
  ARENA_SHM_CHECKED(expect_sound(name_, std::min(GetParam().out, kLap)));
}

TEST_P(AdvanceTest, ANewcomerGoesOnThere) {
  std::optional<Writer<std::uint64_t>> writer(std::move(writer_));
  writer->advance_to(target());
  writer.reset();
  for (std::uint64_t seq = GetParam().before; seq < target(); ++seq)
    EXPECT_EQ(arena_.read(seq).status, ReadStatus::hole) << seq;
  auto next = arena_.writer();
  EXPECT_EQ(next.alloc(0).seq, target());
}

TEST_P(AdvanceTest, WhoStoodBetweenTheTwoStoresHasLeftNothingOut) {
  const std::uint64_t before = GetParam().before;
  file_.seat(0).claim = core::idle(target());  // A1, and not A2
  EXPECT_EQ(arena_.head(), before);
  EXPECT_EQ(arena_.read(before).status, ReadStatus::not_yet);
  if (before > 0) {
    EXPECT_EQ(arena_.read(before - 1).status, ReadStatus::ok);
  }
  ARENA_SHM_CHECKED(EXPECT_FALSE(inspect::check(inspect::Image::of_arena(name_.str()), 1ms).has_failed())
                    << "it may have been killed there");
  std::optional<Writer<std::uint64_t>> writer(std::move(writer_));
  writer.reset();
  auto next = arena_.writer();
  EXPECT_EQ(next.alloc(before * 10).seq, before);
  EXPECT_EQ(arena_.read(before).status, ReadStatus::ok);
}

INSTANTIATE_TEST_SUITE_P(Cuts, AdvanceTest,
                         ::testing::Values(Cut{0, 1}, Cut{0, kLap}, Cut{0, 5 * kLap + 3}, Cut{3, 2}, Cut{3, 5},
                                           Cut{kLap, kLap}, Cut{kLap - 1, 1}, Cut{kLap - 1, 2}, Cut{kLap + 3, kLap - 1},
                                           Cut{2 * kLap + 5, kLap}, Cut{2 * kLap + 5, kLap + 1}, Cut{19, 4 * kLap}),
                         [](const auto& cut) {
                           return std::to_string(cut.param.before) + "_" + std::to_string(cut.param.out);
                         });

TEST(AdvanceOnceTest, NothingIsLeftOutIfItIsTheNextOneAnyhow) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = kLap, .writers = Writers::exclusive});
  auto writer = arena.writer();
  EXPECT_EQ(writer.advance_to(0), 0U);
  writer.alloc(0);
  EXPECT_EQ(writer.advance_to(1), 0U);
  EXPECT_EQ(writer.alloc(10).seq, 1U);
}

TEST(AdvanceOnceTest, BackIsRefused) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = kLap, .writers = Writers::exclusive});
  auto writer = arena.writer();
  writer.advance_to(5);
  EXPECT_EQ(code_of([&] { writer.advance_to(4); }), Code::invalid_argument);
  EXPECT_EQ(writer.alloc(50).seq, 5U) << "nothing has changed";
}

TEST(AdvanceOnceTest, BeyondTheLastNumberIsRefused) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = kLap, .writers = Writers::exclusive});
  auto writer = arena.writer();
  EXPECT_EQ(code_of([&] { writer.advance_to(core::kSeqLimit + 1); }), Code::exhausted);
  EXPECT_EQ(code_of([&] { writer.advance_to(std::numeric_limits<std::uint64_t>::max()); }), Code::exhausted);
  EXPECT_EQ(arena.head(), 0U);
  writer.advance_to(core::kSeqLimit - 1);
  EXPECT_EQ(writer.alloc(1).seq, core::kSeqLimit - 1);
  EXPECT_EQ(writer.advance_to(core::kSeqLimit), 0U);
  EXPECT_EQ(code_of([&] { writer.alloc(1); }), Code::exhausted);
}

TEST(AdvanceOnceTest, OneOfManySharedWritersIsRefused) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = kLap});
  auto writer = arena.writer();
  EXPECT_EQ(code_of([&] { writer.advance_to(5); }), Code::invalid_argument);
  EXPECT_EQ(writer.alloc(0).seq, 0U);
}

}  // namespace
}  // namespace arena_shm
