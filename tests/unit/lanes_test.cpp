// Laned arenas: a ring of its own for each writer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/code_of.hpp"
#include "unit/lanes_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::code_of;
using test::TempName;

TEST_F(LanesTest, EachHasSoManySlotsFromAPageOn) {
  EXPECT_EQ(arena_.info().writers, Writers::laned);
  EXPECT_EQ(arena_.lanes(), kLanes);
  EXPECT_EQ(arena_.info().lanes, kLanes);
  EXPECT_EQ(arena_.info().seats, kLanes);
  EXPECT_EQ(arena_.slots(), kLanes * kSlots);
  const core::Header& header = file_.header();
  EXPECT_EQ(header.slot_count, kSlots);
  EXPECT_EQ(core::lane_bytes(header), header.page_bytes);
  EXPECT_EQ(header.slots.size_bytes, kLanes * header.page_bytes);
}

TEST_F(LanesTest, EachWriterHasItsOwn) {
  std::vector<Writer> writers;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) writers.push_back(arena_.writer());
  EXPECT_EQ(code_of([&] { arena_.writer(); }), Code::table_full);
  for (std::uint64_t n = 0; n < 3 * kSlots; ++n) {
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      const std::uint64_t value = 100 * n + lane;
      const auto entry = writers[lane].alloc(value);
      EXPECT_EQ(entry.seq, n * kLanes + lane);
      EXPECT_EQ(entry.value, value);
      EXPECT_EQ(arena_.lane_of(entry.seq), writers[lane].seat());
      EXPECT_EQ(*arena_.read(entry.seq), value);
      EXPECT_EQ(*arena_.ptr_at(entry.seq), value);
      if (n >= kSlots) {
        EXPECT_EQ(status(entry.seq - kSlots * kLanes), ReadStatus::overwritten);
      }
    }
  }
  EXPECT_EQ(file_.control().head, 0U) << "nobody uses it";
}

TEST_F(LanesTest, PtrAtReachesEachSlotOnce) {
  std::set<const std::uint64_t*> slots;
  for (std::uint64_t i = 0; i < arena_.slots(); ++i) slots.insert(arena_.ptr_at(i));
  EXPECT_EQ(slots.size(), arena_.slots());
  for (std::uint64_t i = 0; i < arena_.slots(); ++i) EXPECT_EQ(arena_.ptr_at(i), arena_.ptr_at(i + arena_.slots()));
}

TEST_F(LanesTest, HeadIsBeyondAllAndCountIsTheSum) {
  EXPECT_EQ(arena_.head(), 0U);
  auto first = arena_.writer();
  auto second = arena_.writer();
  second.alloc(1);
  EXPECT_EQ(arena_.head(), 2U);
  EXPECT_EQ(arena_.count(), 1U);
  EXPECT_EQ(status(0), ReadStatus::not_yet);
  EXPECT_EQ(status(1), ReadStatus::ok);
  for (int i = 0; i < 5; ++i) first.alloc(2);
  EXPECT_EQ(arena_.head(), 4U * kLanes + 1);
  EXPECT_EQ(arena_.count(), 6U);
}

TEST_F(LanesTest, ALaneThatWasLeftGoesOnAtItsHead) {
  std::optional<Writer> writer(arena_.writer());
  writer->alloc(1);
  writer.emplace(arena_.writer());  // the second lane: the first one is left only now
  writer->alloc(2);
  writer.reset();
  auto again = arena_.writer();
  EXPECT_EQ(again.seat(), 0U);
  EXPECT_EQ(again.alloc(3).seq, 1U * kLanes);
  auto other = arena_.writer();
  EXPECT_EQ(other.alloc(4).seq, 1U * kLanes + 1);
}

TEST_F(LanesTest, BatchesGoRoundTheirLane) {
  arena_.writer().alloc(7);  // another lane would do as well
  auto writer = arena_.writer();
  ASSERT_EQ(writer.seat(), 0U);
  for (const std::size_t count : {std::size_t{1}, kSlots - 1, kSlots, kSlots + 1, 5 * kSlots + 3}) {
    const std::uint64_t before = file_.seat(0).hi;
    const SeqRange range = writer.alloc(numbers(count, before));
    EXPECT_EQ(range.count, count);
    EXPECT_EQ(range.first, before * kLanes);
    EXPECT_EQ(range.last, (before + count - 1) * kLanes);
    for (std::uint64_t n = before + count - std::min<std::uint64_t>(kSlots, before + count); n < before + count; ++n)
      EXPECT_EQ(*arena_.read(n * kLanes), n == 0 ? 7 : n);
  }
  EXPECT_EQ(writer.alloc(Values{}).count, 0U);
  EXPECT_EQ(file_.seat(0).values, file_.seat(0).hi);
}

TEST_F(LanesTest, AllWaysToWriteGoTheSameWay) {
  auto writer = arena_.writer();
  EXPECT_EQ(writer.alloc(1).seq, 0U);
  EXPECT_EQ(writer.try_alloc(2)->seq, 3U);
  EXPECT_EQ(writer.alloc_with([](std::uint64_t& value) { value = 3; }).seq, 6U);
  EXPECT_EQ(writer.alloc_with([](SlotWriter& slot) noexcept { slot.append(std::uint64_t{4}); }), 9U);
  auto reader = arena_.reader(From::oldest);
  EXPECT_EQ(rest_of(reader), (Values{1, 2, 3, 4}));
}

TEST_F(LanesTest, WhatALivingHolderHasClaimedIsPendingAndADeadOnesIsAHole) {
  std::optional<Writer> writer(arena_.writer());
  writer->alloc(1);
  file_.seat(0).hi = 4;  // a batch of three
  for (const std::uint64_t n : {1U, 2U, 3U}) EXPECT_EQ(status(n * kLanes), ReadStatus::pending);
  EXPECT_EQ(status(4 * kLanes), ReadStatus::not_yet);
  stamp(0, 1) = core::done(1);
  EXPECT_EQ(status(1 * kLanes), ReadStatus::ok);
  EXPECT_EQ(status(2 * kLanes), ReadStatus::pending);
  writer.reset();
  EXPECT_EQ(status(1 * kLanes), ReadStatus::ok);
  EXPECT_EQ(status(2 * kLanes), ReadStatus::hole);
  auto next = arena_.writer();
  EXPECT_EQ(next.alloc(5).seq, 4U * kLanes);
  EXPECT_EQ(status(3 * kLanes), ReadStatus::hole) << "it is not the newcomer's";
}

TEST_F(LanesTest, ASessionBeginsAtTheHeadOfItsOwnLane) {
  {
    auto first = arena_.writer();
    auto second = arena_.writer();
    first.alloc(numbers(5));
    second.alloc(1);
  }
  file_.seat(1).hi = 3;  // claimed by one who died
  auto first = arena_.writer();
  auto second = arena_.writer();
  ASSERT_EQ(second.seat(), 1U);
  file_.seat(1).hi = 4;
  EXPECT_EQ(status(2 * kLanes + 1), ReadStatus::hole);
  EXPECT_EQ(status(3 * kLanes + 1), ReadStatus::pending) << "its own";
}

TEST_F(LanesTest, WhoLivesInALaneIsAskedOfItsOwnSeat) {
  std::optional<Writer> first(arena_.writer());
  auto second = arena_.writer();
  file_.seat(1).hi = 1;
  EXPECT_EQ(status(1), ReadStatus::pending);
  first.reset();
  EXPECT_EQ(status(1), ReadStatus::pending);
}

TEST_F(LanesTest, AllocUsesOneForEachHandleWhateverTheThread) {
  auto other = Arena<std::uint64_t>::open(name_);
  EXPECT_EQ(arena_.alloc(1).seq, 0U);
  EXPECT_EQ(other.alloc(2).seq, 1U);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int count = 0; count < 500; ++count) EXPECT_EQ(arena_.alloc(3).seq % kLanes, 0U);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(file_.seat(0).hi, 2001U);
  EXPECT_EQ(file_.seat(0).values, 2001U);
  EXPECT_EQ(file_.control().mutex, 0U) << "the handle has its own";
  EXPECT_EQ(other.alloc(4).seq, kLanes + 1U);
  auto reader = arena_.reader(From::oldest);
  EXPECT_EQ(rest_of(reader).size(), kSlots + 2);
}

TEST_F(LanesTest, NumbersEndForEachLaneAlone) {
  const std::uint64_t limit = core::kSeqLimit / kLanes;
  file_.seat(0).hi = limit - 2;
  auto first = arena_.writer();
  auto second = arena_.writer();
  auto reader = arena_.reader(From::newest);
  EXPECT_EQ(first.alloc(1).seq, (limit - 2) * kLanes);
  EXPECT_EQ(code_of([&] { first.alloc(numbers(5)); }), Code::exhausted);
  EXPECT_EQ(code_of([&] { first.alloc(1); }), Code::exhausted);
  EXPECT_EQ(code_of([&] { first.try_alloc(1); }), Code::exhausted);
  EXPECT_EQ(second.alloc(2).seq, 1U);
  EXPECT_EQ(rest_of(reader).size(), 3U);
  EXPECT_FALSE(reader.wait_for(1ms));
  EXPECT_EQ(arena_.head(), (limit - 1) * kLanes + 1);
  EXPECT_EQ(status(limit * kLanes), ReadStatus::not_yet);
}

TEST_F(LanesTest, OpenOrCreateComparesWhatWasAskedFor) {
  const auto code = [&](const Options& options) {
    return code_of([&] { Arena<std::uint64_t>::open_or_create(name_, options); });
  };
  EXPECT_EQ(code({.slots = kSlots, .writers = Writers::laned, .seats = kLanes}), std::nullopt);
  EXPECT_EQ(code({.slots = kSlots * kLanes, .writers = Writers::laned, .seats = kLanes}), Code::incompatible_options);
  EXPECT_EQ(code({.slots = kSlots, .writers = Writers::laned, .seats = kLanes + 1}), Code::incompatible_options);
  EXPECT_EQ(code({.slots = kSlots, .writers = Writers::shared, .seats = kLanes}), Code::incompatible_options);
  EXPECT_EQ(code({.slots = kSlots, .writers = Writers::exclusive}), Code::incompatible_options);
}

TEST_F(LanesTest, SizesAreBounded) {
  const TempName name;
  const auto code = [&](std::uint64_t slots, std::uint32_t seats) {
    return code_of(
        [&] { Arena<std::uint64_t>::create(name, {.slots = slots, .writers = Writers::laned, .seats = seats}); });
  };
  EXPECT_EQ(code(1, 0), Code::invalid_argument);
  EXPECT_EQ(code(1, core::kMaxSeats + 1), Code::invalid_argument);
  EXPECT_EQ(code(core::kMaxSegmentBytes / 16 / 2 + 1, 2), Code::invalid_argument);
  EXPECT_EQ(code(~std::uint64_t{0}, 2), Code::invalid_argument);
  EXPECT_EQ(code(0, 2), Code::invalid_argument);
  EXPECT_EQ(code(1, 1), std::nullopt);
}

TEST_F(LanesTest, ALaneIsAlsoReadWithoutAttaching) {
  auto first = arena_.writer();
  auto second = arena_.writer();
  second.alloc(7);
  const core::Header lane = core::lane_header(file_.header(), 1);
  EXPECT_EQ(core::head_offset_bytes(lane), lane.seats.offset_bytes + offsetof(core::Seat, hi));
  EXPECT_EQ(file_.at<std::uint64_t>(core::head_offset_bytes(lane)), 1U);
  EXPECT_EQ(file_.at<std::uint64_t>(lane.slots.offset_bytes), core::done(0));
  EXPECT_EQ(file_.at<std::uint64_t>(lane.slots.offset_bytes + lane.payload_offset_bytes), 7U);
}

}  // namespace
}  // namespace arena_shm
