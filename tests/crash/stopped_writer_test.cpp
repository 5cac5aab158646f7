// SIGSTOP inside of alloc, laps of others, SIGCONT: nobody waits but for the mutex, and the late value is whole, in its
// place, and damages no other.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "arena_shm/arena.hpp"
#include "crash/acts.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

using Value = CrashValue;

class StoppedWriterTest : public ::testing::TestWithParam<Cut> {
 protected:
  TempName name_;
  Arena<Value> arena_ =
      Arena<Value>::create(name_, {.slots = kCrashSlots, .writers = writers_of(GetParam().act), .seats = kCrashSeats});
};

/// Reads until nothing comes; adds up what was torn.
std::uint64_t drain(Reader<Value>& reader) {
  std::uint64_t torn = 0;
  while (const auto entry = reader.next()) torn += !entry->value.whole();
  return torn;
}

/// Is the victim where its claim says which seqs it holds, and no others?
bool says_which_seqs(const Cut& cut) {
  const std::string_view point = cut.point;
  return cut.handed > cut.published && point != "alloc_claimed" && point != "batch_claimed";
}

TEST_P(StoppedWriterTest, StopsNobodyAndItsLateValueIsWhole) {
  const Cut& cut = GetParam();
  {
    auto writer = arena_.writer("before");
    for (std::uint64_t i = 0; i < 11; ++i) writer.alloc(Value::make(kSurvivorId, i));
  }
  Child victim = make_victim(cut, name_.str(), SIGSTOP);
  ASSERT_EQ(victim.stop_or_end(), "stopped");
  const std::uint64_t first = arena_.head();
  auto hasty = arena_.reader(From::newest, {.hold = std::chrono::nanoseconds{0}});
  auto patient = arena_.reader(From::newest, {.hold = std::chrono::hours{1}});
  victim.signal(SIGCONT);
  ASSERT_EQ(victim.stop_or_end(), "stopped");

  const auto status = [&](std::uint64_t i) { return arena_.read(first + i).status; };
  ASSERT_EQ(arena_.head(), first + cut.handed);
  for (std::uint64_t i = 0; i < cut.handed; ++i)
    EXPECT_EQ(status(i), i < cut.published ? ReadStatus::ok : ReadStatus::pending) << "seq " << first + i;

  std::vector<Entry<Value>> written;
  std::uint64_t torn = 0;
  const bool is_lane = writers_of(cut.act) == Writers::exclusive;
  if (is_lane) {
    EXPECT_EQ(code_of([&] { arena_.writer(); }), Code::table_full) << "it lives";
  } else {
    auto survivor = arena_.writer("survivor");
    for (std::uint64_t i = 0; i < 3 * kCrashSlots; ++i) {
      const auto entry = survivor.try_alloc(Value::make(kSurvivorId, i));
      ASSERT_TRUE(entry.has_value()) << "nobody waits";
      written.push_back(*entry);
      torn += drain(hasty);
      torn += drain(patient);
    }
    for (std::uint64_t i = cut.published; i < cut.handed; ++i)
      EXPECT_EQ(status(i), ReadStatus::pending) << "seq " << first + i << " is nobody else's, three laps later";
    if (says_which_seqs(cut)) {
      for (std::uint64_t seq = first + cut.handed; seq < arena_.head(); ++seq)
        EXPECT_NE(arena_.read(seq).status, ReadStatus::pending) << "seq " << seq << " is not its own";
    }
  }

  victim.signal(SIGCONT);
  ASSERT_EQ(victim.end(), "exit 0");
  const std::uint64_t values = cut.act == Act::batch || cut.act == Act::lane_batch ? kBatch : 1;
  for (std::uint64_t i = cut.published; i < cut.handed; ++i) {
    const auto late = arena_.read(first + i);
    ASSERT_EQ(late.status, ReadStatus::ok) << "seq " << first + i;
    EXPECT_EQ(*late, Value::make(kVictimId, i));
  }
  for (const auto& entry : written) {
    const auto found = arena_.read(entry.seq);
    EXPECT_TRUE(found ? *found == entry.value : found.status == ReadStatus::overwritten) << "seq " << entry.seq;
  }

  // Its slots are in use again.
  {
    auto writer = arena_.writer("after");
    writer.alloc(Value::make(kSurvivorId, 0));
    const std::uint64_t skipped = SegmentFile(name_).seat(writer.seat()).skipped;
    for (std::uint64_t i = 0; i < 2 * kCrashSlots; ++i) {
      writer.alloc(Value::make(kSurvivorId, i));
      torn += drain(hasty);
      torn += drain(patient);
    }
    EXPECT_EQ(SegmentFile(name_).seat(writer.seat()).skipped, skipped);
  }
  EXPECT_EQ(torn, 0U);
  EXPECT_EQ(patient.cursor(), arena_.head());
  EXPECT_EQ(patient.cursor() - first, patient.read_count() + patient.overwritten_count() + patient.hole_count());
  EXPECT_EQ(patient.passed_over_count(), 0U) << "it had time";
  EXPECT_EQ(hasty.cursor(), arena_.head());
  EXPECT_EQ(hasty.overwritten_count(), 0U);
  EXPECT_EQ(hasty.read_count() + hasty.hole_count() + hasty.passed_over_count(), hasty.cursor() - first);
  EXPECT_GE(hasty.passed_over_count(), is_lane ? 0 : cut.handed - cut.published);
  EXPECT_GE(hasty.read_count() + values, written.size());
}

INSTANTIATE_TEST_SUITE_P(Points, StoppedWriterTest, ::testing::ValuesIn(cuts()),
                         [](const auto& test) { return name_of(test.param); });

// A ring as small as that: every slot is held by somebody who does not go on.
TEST(AllSlotsHeldTest, TryAllocSaysSoAllocWaitsAndGoesOnWhenOneDoes) {
  const TempName name;
  auto arena = Arena<Value>::create(name, {.slots = 2, .seats = 6});
  const Cut in_slot{Act::alloc, "slot_busy", 1, 1, 0};
  std::vector<Child> victims;
  for (int i = 0; i < 2; ++i) {
    victims.push_back(make_victim(in_slot, name.str(), SIGSTOP));
    ASSERT_EQ(victims.back().stop_or_end(), "stopped");
    victims.back().signal(SIGCONT);
    ASSERT_EQ(victims.back().stop_or_end(), "stopped");
  }
  auto writer = arena.writer();
  EXPECT_EQ(writer.try_alloc(Value::make(3, 0)), std::nullopt);
  Child waiting([&] {
    auto own = Arena<Value>::open(name);
    auto own_writer = own.writer();
    StopAt::arm("alloc_starved", SIGSTOP);
    own_writer.alloc(Value::make(2, 0));
    return 0;
  });
  ASSERT_EQ(waiting.stop_or_end(), "stopped") << "it waits";
  waiting.signal(SIGCONT);
  const std::uint64_t head = arena.head();
  EXPECT_EQ(writer.try_alloc(Value::make(3, 0)), std::nullopt);
  EXPECT_EQ(arena.head(), head) << "nobody who waits makes holes";
  victims[1].signal(SIGCONT);
  EXPECT_EQ(waiting.end(), "exit 0");
  EXPECT_EQ(victims[1].end(), "exit 0");
  EXPECT_TRUE(writer.try_alloc(Value::make(3, 1)).has_value());
  victims[0].signal(SIGCONT);
  EXPECT_EQ(victims[0].end(), "exit 0");
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_TRUE(writer.try_alloc(Value::make(3, i)).has_value());
}

// T3: a value that is published, and its claim gone, between a reader's first look at the slot and its look at the
// seats. Nobody covers it any more, but it is there.
TEST(SettleRaceTest, AValuePublishedBetweenTheLooksIsNoHole) {
  static Child* victim = nullptr;
  const TempName name;
  auto arena = Arena<Value>::create(name, {.slots = 4, .seats = 6});
  for (const char* point : {"alloc_claimed", "slot_busy", "slot_filled"}) {
    Child child = make_victim({Act::alloc, point, 1, 1, 0}, name.str(), SIGSTOP);
    ASSERT_EQ(child.stop_or_end(), "stopped");
    const std::uint64_t seq = arena.head();
    auto reader = arena.reader(From::newest, {.hold = std::chrono::hours{1}});
    child.signal(SIGCONT);
    ASSERT_EQ(child.stop_or_end(), "stopped");
    const auto resume_and_wait = [](const char* where) {
      if (std::string_view(where) != "settle_begun" || victim == nullptr) return;
      victim->signal(SIGCONT);
      EXPECT_EQ(victim->end(), "exit 0");
      victim = nullptr;
    };
    victim = &child;
    core::stop_point_hook = resume_and_wait;
    const auto entry = reader.next();
    core::stop_point_hook = nullptr;
    ASSERT_EQ(victim, nullptr) << "the reader did settle";
    ASSERT_TRUE(entry.has_value()) << point;
    EXPECT_EQ(entry->seq, seq);
    EXPECT_EQ(reader.hole_count(), 0U);
  }
}

}  // namespace
}  // namespace arena_shm::test
