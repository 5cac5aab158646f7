// Laned arenas: a ring of its own for each writer, and readers that follow all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/wait_set.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::code_of;
using test::SegmentFile;
using test::TempName;
using Values = std::vector<std::uint64_t>;

constexpr std::uint32_t kLanes = 3;
constexpr std::uint64_t kSlots = 7;

Values numbers(std::size_t count, std::uint64_t first = 0) {
  Values values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

class LanesTest : public ::testing::Test {
 protected:
  using Writer = arena_shm::Writer<std::uint64_t>;

  /// Lane k's stamp of its n-th slot.
  std::atomic<std::uint64_t>& stamp(std::uint32_t lane, std::uint64_t n) {
    const core::Header part = core::lane_header(file_.header(), lane);
    return file_.at<std::atomic<std::uint64_t>>(part.slots.offset_bytes + n % kSlots * part.stride_bytes);
  }
  ReadStatus status(std::uint64_t seq) const { return arena_.read(seq).status; }
  static Values rest_of(Reader<std::uint64_t>& reader) {
    Values values;
    while (const auto entry = reader.next()) values.push_back(entry->value);
    return values;
  }

  TempName name_;
  Arena<std::uint64_t> arena_ =
      Arena<std::uint64_t>::create(name_, {.slots = kSlots, .writers = Writers::laned, .seats = kLanes});
  SegmentFile file_{name_};
};

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

TEST_F(LanesTest, WhatIsPendingHoldsUpItsOwnLaneOnly) {
  auto first = arena_.writer();
  auto second = arena_.writer();
  first.alloc(1);
  file_.seat(0).hi = 2;
  auto reader = arena_.reader(From::oldest, {.hold = 1h});
  for (std::uint64_t i = 0; i < 3; ++i) second.alloc(10 + i);
  Values values = rest_of(reader);
  std::ranges::sort(values);
  EXPECT_EQ(values, (Values{1, 10, 11, 12}));
  EXPECT_FALSE(reader.wait_for(1ms));
  EXPECT_EQ(reader.lag(), 1U);
  second.alloc(13);
  EXPECT_TRUE(reader.wait_for(1h));
  EXPECT_EQ(rest_of(reader), Values{13});
  EXPECT_EQ(reader.passed_over_count(), 0U);
  stamp(0, 1) = core::done(1);
  EXPECT_TRUE(reader.wait_for(1h));
  EXPECT_EQ(rest_of(reader).size(), 1U);
}

TEST_F(LanesTest, AStoppedWritersBatchIsPassedOverOnceAndForAll) {
  auto writer = arena_.writer();
  file_.seat(0).hi = 5;
  auto reader = arena_.reader(From::oldest, {.hold = 1ms});
  std::vector<Gap> gaps;
  reader.on_gap([&](const Gap& gap) { gaps.push_back(gap); });
  EXPECT_FALSE(reader.wait_for(20ms));
  EXPECT_EQ(reader.passed_over_count(), 5U);
  std::uint64_t passed_over = 0;
  for (const Gap& gap : gaps) {
    EXPECT_EQ(gap.cause, Loss::passed_over);
    EXPECT_EQ(gap.step, kLanes);
    passed_over += gap.count();
  }
  EXPECT_EQ(passed_over, 5U);
  EXPECT_EQ(gaps.front().first, 0U);
  EXPECT_EQ(gaps.back().last, 4U * kLanes);
}

TEST_F(LanesTest, ARunOfOneLaneEnds) {
  const TempName name;
  const auto arena = Arena<std::uint64_t>::create(name, {.slots = 4096, .writers = Writers::laned, .seats = 2});
  auto busy = arena.writer();
  auto other = arena.writer();
  busy.alloc(numbers(2000));
  other.alloc(9999);
  auto reader = arena.reader(From::oldest);
  std::size_t before = 0;
  while (reader.next().value().value != 9999) ++before;
  EXPECT_LE(before, 256U);
  EXPECT_EQ(rest_of(reader).size(), 2000 - before);
}

TEST_F(LanesTest, EachIsLappedAndCountedForItself) {
  auto first = arena_.writer();
  auto second = arena_.writer();
  auto reader = arena_.reader(From::oldest);
  std::uint64_t lost = 0;
  reader.on_gap([&](const Gap& gap) {
    EXPECT_EQ(arena_.lane_of(gap.first), 0U);
    EXPECT_EQ(gap.cause, Loss::overwritten);
    lost += gap.count();
  });
  first.alloc(numbers(kSlots + 4));
  second.alloc(numbers(2, 100));
  const Values values = rest_of(reader);
  EXPECT_EQ(values.size(), kSlots + 2);
  EXPECT_EQ(lost, 4U);
  const LaneCounts lapped = reader.counts(0);
  EXPECT_EQ(lapped.cursor, (kSlots + 4) * kLanes);
  EXPECT_EQ(lapped.read, kSlots);
  EXPECT_EQ(lapped.overwritten, 4U);
  const LaneCounts other = reader.counts(1);
  EXPECT_EQ(other.cursor, 2U * kLanes + 1);
  EXPECT_EQ(other.read, 2U);
  EXPECT_EQ(other.overwritten, 0U);
  EXPECT_EQ(reader.read_count(), kSlots + 2);
  EXPECT_EQ(reader.overwritten_count(), 4U);
  EXPECT_EQ(reader.cursor(), 2U) << "the lane without a writer";
}

TEST_F(LanesTest, APositionIsWhereAnotherReaderGoesOn) {
  auto first = arena_.writer();
  auto second = arena_.writer();
  first.alloc(numbers(3));
  second.alloc(numbers(2, 10));
  auto reader = arena_.reader(From::oldest);
  reader.next();
  reader.next();
  const Position position = reader.position();
  EXPECT_EQ(position.next().size(), kLanes);
  auto other = arena_.reader(From::at(position));
  EXPECT_EQ(other.position(), position);
  EXPECT_EQ(rest_of(other), rest_of(reader));
  EXPECT_EQ(other.position(), reader.position());
  other.seek(position);
  EXPECT_EQ(rest_of(other).size(), 3U);
  EXPECT_EQ(other.read_count(), 6U);
}

TEST_F(LanesTest, APositionThatIsNoneIsRefused) {
  const auto refused = [&](Values next) {
    return code_of([&] { arena_.reader(From::at(Position(std::move(next)))); }) == Code::invalid_argument;
  };
  EXPECT_FALSE(refused({0, 1, 2}));
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({0, 1}));
  EXPECT_TRUE(refused({0, 1, 2, 3}));
  EXPECT_TRUE(refused({0, 1, 3})) << "of another lane";
  const std::uint64_t limit = core::kSeqLimit / kLanes * kLanes;
  EXPECT_FALSE(refused({limit, limit + 1, limit + 2}));
  EXPECT_TRUE(refused({limit + kLanes, 1, 2}));
  auto reader = arena_.reader(From::oldest);
  EXPECT_EQ(code_of([&] { reader.seek(From::at(core::kSeqLimit + 1)); }), Code::invalid_argument);
}

TEST_F(LanesTest, ASeqIsWhereEachLaneBegins) {
  std::vector<Writer> writers;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) writers.push_back(arena_.writer());
  for (std::uint64_t n = 0; n < 4; ++n) {
    for (Writer& writer : writers) writer.alloc(n * kLanes + writer.seat());
  }
  auto reader = arena_.reader(From::at(5));
  EXPECT_EQ(reader.position(), Position({6, 7, 5}));
  Values values = rest_of(reader);
  std::ranges::sort(values);
  EXPECT_EQ(values, numbers(7, 5));
  reader.seek(From::at(0));
  EXPECT_EQ(reader.position(), Position({0, 1, 2}));
  reader.seek(From::newest);
  EXPECT_EQ(reader.position(), Position({12, 13, 14}));
  EXPECT_EQ(reader.lag(), 0U);
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

TEST_F(LanesTest, AValueInAnyOfThemWakes) {
  std::vector<Writer> writers;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) writers.push_back(arena_.writer());
  auto reader = arena_.reader(From::oldest);
  auto second = arena_.reader(From::oldest);
  WaitSet set;
  set.add(second);
  for (int i = 0; i < 30; ++i) {
    std::jthread later([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(i * 40));
      writers[static_cast<std::size_t>(i) % kLanes].alloc(7);
    });
    ASSERT_TRUE(reader.wait_for(1min));
    ASSERT_TRUE(set.wait_for(1min));
    ASSERT_EQ(rest_of(reader).size(), 1U);
    ASSERT_EQ(rest_of(second).size(), 1U);
  }
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
