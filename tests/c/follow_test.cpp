// The C interface: writers, readers, sets of them.
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <thread>
#include <vector>

#include "c/c_fixture.hpp"
#include "support/segment_file.hpp"

namespace arena_shm::test {
namespace {

class CFollowTest : public CTest {
 protected:
  void open_reader(const arena_shm_reader_options& options = ARENA_SHM_READER_OPTIONS) {
    ASSERT_EQ(arena_shm_reader_open(arena_, &options, &reader_, &error_), ARENA_SHM_OK) << error_.message;
  }
  arena_shm_status next() { return arena_shm_reader_next(reader_, &tick_, sizeof tick_, &entry_, &error_); }
  arena_shm_counts counts() {
    arena_shm_counts counts{};
    counts.size = sizeof counts;
    EXPECT_EQ(arena_shm_reader_counts(reader_, &counts, &error_), ARENA_SHM_OK);
    return counts;
  }

  CReader reader_;
  CWriter writer_;
};

TEST_F(CFollowTest, WriterAndReaderMeet) {
  create();
  open_reader();
  ASSERT_EQ(arena_shm_writer_open(arena_, "feed", &writer_, &error_), ARENA_SHM_OK);
  EXPECT_LT(arena_shm_writer_seat(writer_), 64U);
  const std::array<Tick, 3> ticks{{{1, 1}, {2, 2}, {3, 3}}};
  EXPECT_EQ(next(), ARENA_SHM_NOTHING);
  EXPECT_EQ(arena_shm_reader_wait(reader_, 0, &error_), ARENA_SHM_NOTHING);
  ASSERT_EQ(arena_shm_writer_alloc(writer_, &ticks[0], sizeof(Tick), &entry_, &error_), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 0U);
  ASSERT_EQ(arena_shm_writer_try_alloc(writer_, &ticks[1], sizeof(Tick), &entry_, &error_), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 1U);
  ASSERT_EQ(arena_shm_writer_alloc_for(writer_, 1000, &ticks[2], sizeof(Tick), &entry_, &error_), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 2U);
  EXPECT_EQ(arena_shm_reader_wait(reader_, 0, &error_), ARENA_SHM_OK);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(next(), ARENA_SHM_OK);
    EXPECT_EQ(tick_, ticks[i]);
    EXPECT_EQ(entry_.seq, i);
    EXPECT_FALSE(entry_.late);
  }
  EXPECT_EQ(next(), ARENA_SHM_NOTHING);
}

// One that is alone for long goes another way than the first values do.
TEST_F(CFollowTest, AWriterRingsForThoseThatSleep) {
  create();
  SegmentFile file(name_);
  ASSERT_EQ(arena_shm_writer_open(arena_, nullptr, &writer_, &error_), ARENA_SHM_OK);
  for (std::uint64_t i = 0; i < 100; ++i) {
    file.doorbell().word = 1;
    ASSERT_EQ(arena_shm_writer_alloc(writer_, &tick_, sizeof tick_, &entry_, &error_), ARENA_SHM_OK);
    ASSERT_EQ(entry_.seq, i);
    ASSERT_EQ(file.doorbell().word & 1U, 0U) << i;
  }
}

TEST_F(CFollowTest, WritersThatTakeTurnsGoOn) {
  create(options(16));
  CWriter other;
  ASSERT_EQ(arena_shm_writer_open(arena_, nullptr, &writer_, &error_), ARENA_SHM_OK);
  ASSERT_EQ(arena_shm_writer_open(arena_, nullptr, &other, &error_), ARENA_SHM_OK);
  for (std::uint64_t i = 0; i < 300; ++i) {
    // Each is alone for a while, and then finds that the other one has gone on.
    arena_shm_writer* const writer = i / 50 % 2 == 0 ? writer_ : other;
    tick_ = {i, 0.25};
    ASSERT_EQ(arena_shm_writer_alloc(writer, &tick_, sizeof tick_, &entry_, &error_), ARENA_SHM_OK);
    ASSERT_EQ(entry_.seq, i);
    const Tick written = tick_;
    ASSERT_EQ(arena_shm_read(arena_, i, &tick_, sizeof tick_, nullptr, &error_), ARENA_SHM_OK);
    EXPECT_EQ(tick_, written);
  }
}

TEST_F(CFollowTest, ManyGoInAndComeOutAtOnce) {
  create(options(8));
  open_reader();
  ASSERT_EQ(arena_shm_writer_open(arena_, nullptr, &writer_, &error_), ARENA_SHM_OK);
  std::vector<Tick> ticks;
  for (std::uint64_t i = 0; i < 6; ++i) ticks.push_back({i, 0});
  arena_shm_range range{};
  ASSERT_EQ(arena_shm_writer_alloc_many(writer_, ticks.data(), 6 * sizeof(Tick), &range, &error_), ARENA_SHM_OK);
  EXPECT_EQ(range.first, 0U);
  EXPECT_EQ(range.last, 5U);
  EXPECT_EQ(range.count, 6U);
  EXPECT_EQ(arena_shm_writer_alloc_many(writer_, ticks.data(), 17, &range, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  EXPECT_EQ(arena_shm_writer_alloc_many(writer_, nullptr, 0, &range, &error_), ARENA_SHM_OK);
  EXPECT_EQ(range.count, 0U);
  std::vector<Tick> found(4);
  std::vector<arena_shm_entry> entries(4);
  std::size_t count = 0;
  const auto take = [&] {
    return arena_shm_reader_next_many(reader_, found.data(), 4 * sizeof(Tick), entries.data(), 4, &count, &error_);
  };
  ASSERT_EQ(take(), ARENA_SHM_OK);
  ASSERT_EQ(count, 4U);
  EXPECT_EQ(found[3], ticks[3]);
  EXPECT_EQ(entries[3].seq, 3U);
  ASSERT_EQ(arena_shm_reader_next_many(reader_, found.data(), sizeof(Tick), nullptr, 1, &count, &error_), ARENA_SHM_OK);
  EXPECT_EQ(found[0], ticks[4]);
  ASSERT_EQ(take(), ARENA_SHM_OK);
  ASSERT_EQ(count, 1U);
  EXPECT_EQ(found[0], ticks[5]);
  EXPECT_EQ(entries[0].seq, 5U);
  EXPECT_EQ(take(), ARENA_SHM_NOTHING);
  EXPECT_EQ(count, 0U);
  // Also where the capacity times the size of a record is what it should be, modulo 2^64.
  for (const std::size_t capacity : {std::size_t{4}, (std::size_t{1} << 60U) + 3}) {
    EXPECT_EQ(
        arena_shm_reader_next_many(reader_, found.data(), 3 * sizeof(Tick), entries.data(), capacity, &count, &error_),
        ARENA_SHM_E_INVALID_ARGUMENT);
    EXPECT_EQ(arena_shm_reader_next_many(reader_, found.data(), 3 * sizeof(Tick), nullptr, capacity, &count, &error_),
              ARENA_SHM_E_INVALID_ARGUMENT);
  }
}

TEST_F(CFollowTest, WhatIsLostIsTold) {
  create();
  open_reader();
  alloc(0, 10);
  ASSERT_EQ(next(), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 6U);
  arena_shm_gap gap{};
  std::uint64_t dropped = 9;
  ASSERT_EQ(arena_shm_reader_gaps(reader_, &gap, 1, &dropped), 1U);
  EXPECT_EQ(gap.first, 0U);
  EXPECT_EQ(gap.last, 5U);
  EXPECT_EQ(gap.step, 1U);
  EXPECT_EQ(gap.cause, ARENA_SHM_LOST_OVERWRITTEN);
  EXPECT_EQ(dropped, 0U);
  EXPECT_EQ(arena_shm_reader_gaps(reader_, &gap, 1, nullptr), 0U);
  EXPECT_EQ(counts().read, 1U);
  EXPECT_EQ(counts().overwritten, 6U);
  EXPECT_EQ(counts().cursor, 7U);
  EXPECT_EQ(counts().lag, 3U);
}

TEST_F(CFollowTest, OfTooManyGapsTheNewestAreKept) {
  create();
  arena_shm_reader_options few = ARENA_SHM_READER_OPTIONS;
  few.keep_gaps = 2;
  open_reader(few);
  std::uint64_t written = 0;
  for (int i = 0; i < 3; ++i) {
    alloc(written, 6);
    written += 6;
    while (next() == ARENA_SHM_OK) continue;
  }
  std::array<arena_shm_gap, 4> gaps{};
  std::uint64_t dropped = 0;
  ASSERT_EQ(arena_shm_reader_gaps(reader_, gaps.data(), 4, &dropped), 2U);
  EXPECT_EQ(dropped, 1U);
  EXPECT_EQ(gaps[0].first, 6U);
  EXPECT_EQ(gaps[1].first, 12U);
  EXPECT_EQ(counts().overwritten, 6U);
  reader_.reset();
  few.keep_gaps = 0;
  open_reader(few);
  alloc(written, 6);
  ASSERT_EQ(next(), ARENA_SHM_OK);
  EXPECT_EQ(arena_shm_reader_gaps(reader_, gaps.data(), 4, nullptr), 0U);  // the count waits for who asks for it
  EXPECT_EQ(arena_shm_reader_gaps(reader_, nullptr, 4, &dropped), 0U);
  EXPECT_EQ(dropped, 1U);
}

TEST_F(CFollowTest, SeeksAndGoesOnFromAPosition) {
  create(options(16));
  alloc(0, 10);
  arena_shm_reader_options from = ARENA_SHM_READER_OPTIONS;
  from.from = ARENA_SHM_FROM_SEQ;
  from.seq = 4;
  open_reader(from);
  ASSERT_EQ(next(), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 4U);
  std::uint64_t position = 0;
  ASSERT_EQ(arena_shm_reader_position(reader_, &position, 1, &error_), ARENA_SHM_OK);
  EXPECT_EQ(position, 5U);
  EXPECT_EQ(arena_shm_reader_position(reader_, &position, 2, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  ASSERT_EQ(arena_shm_reader_seek(reader_, ARENA_SHM_FROM_NEWEST, 0, &error_), ARENA_SHM_OK);
  EXPECT_EQ(next(), ARENA_SHM_NOTHING);
  ASSERT_EQ(arena_shm_reader_seek(reader_, ARENA_SHM_FROM_OLDEST, 0, &error_), ARENA_SHM_OK);
  ASSERT_EQ(next(), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 0U);
  EXPECT_EQ(arena_shm_reader_seek(reader_, none_of_them<arena_shm_from>(3), 0, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  CReader other;
  ASSERT_EQ(arena_shm_reader_open_at(arena_, &position, 1, nullptr, &other, &error_), ARENA_SHM_OK);
  ASSERT_EQ(arena_shm_reader_next(other, &tick_, sizeof tick_, &entry_, &error_), ARENA_SHM_OK);
  EXPECT_EQ(entry_.seq, 5U);
  EXPECT_EQ(arena_shm_reader_open_at(arena_, nullptr, 1, nullptr, &other, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
}

TEST_F(CFollowTest, AWaitEndsWithAValue) {
  create();
  open_reader();
  std::thread later([&] { alloc(0, 1); });
  EXPECT_EQ(arena_shm_reader_wait(reader_, ARENA_SHM_FOREVER, &error_), ARENA_SHM_OK);
  later.join();
  EXPECT_EQ(next(), ARENA_SHM_OK);
}

TEST_F(CFollowTest, ASetWaitsForItsMembers) {
  create();
  open_reader();
  CWaitSet set;
  ASSERT_EQ(arena_shm_wait_set_open(&set, &error_), ARENA_SHM_OK);
  ASSERT_EQ(arena_shm_wait_set_add_reader(set, reader_, &error_), ARENA_SHM_OK);
  EXPECT_EQ(arena_shm_wait_set_add_reader(set, reader_, &error_), ARENA_SHM_E_INVALID_ARGUMENT);
  EXPECT_EQ(arena_shm_wait_set_wait(set, 0, &error_), ARENA_SHM_NOTHING);
  int fd = -1;
  ASSERT_EQ(arena_shm_wait_set_fd(set, &fd, &error_), ARENA_SHM_OK);
  alloc(0, 1);
  pollfd poll{.fd = fd, .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&poll, 1, -1), 1);
  EXPECT_EQ(arena_shm_wait_set_wait(set, ARENA_SHM_FOREVER, &error_), ARENA_SHM_OK);
  EXPECT_TRUE(arena_shm_wait_set_is_reader_ready(set, reader_));
  arena_shm_wait_set_remove_reader(set, reader_);
  EXPECT_EQ(arena_shm_wait_set_wait(set, 0, &error_), ARENA_SHM_NOTHING);
  ASSERT_EQ(arena_shm_writer_open(arena_, nullptr, &writer_, &error_), ARENA_SHM_OK);
  ASSERT_EQ(arena_shm_wait_set_add_writer(set, writer_, &error_), ARENA_SHM_OK);
  EXPECT_EQ(arena_shm_wait_set_wait(set, 0, &error_), ARENA_SHM_OK);
  EXPECT_TRUE(arena_shm_wait_set_is_writer_ready(set, writer_));
  writer_.reset();  // leaves it
  EXPECT_EQ(arena_shm_wait_set_wait(set, 0, &error_), ARENA_SHM_NOTHING);
}

TEST_F(CFollowTest, NullIsAnErrorWhereverItIsGiven) {
  create();
  open_reader();
  ASSERT_EQ(arena_shm_writer_open(arena_, nullptr, &writer_, &error_), ARENA_SHM_OK);
  CWaitSet set;
  ASSERT_EQ(arena_shm_wait_set_open(&set, &error_), ARENA_SHM_OK);
  CArena other;
  CWriter other_writer;
  const arena_shm_options some = options(4);
  arena_shm_counts counts{};
  counts.size = sizeof counts;
  std::size_t count = 0;
  const std::vector<arena_shm_status> found{
      arena_shm_create(nullptr, &record_, &some, &other, &error_),
      arena_shm_create("arena-test.null", nullptr, &some, &other, &error_),
      arena_shm_create("arena-test.null", &record_, nullptr, &other, &error_),
      arena_shm_open(name(), nullptr, nullptr, &error_),
      arena_shm_open(nullptr, nullptr, &other, &error_),
      arena_shm_remove(nullptr, &error_),
      arena_shm_read(nullptr, 0, &tick_, sizeof tick_, nullptr, &error_),
      arena_shm_alloc(nullptr, &tick_, sizeof tick_, nullptr, &error_),
      arena_shm_writer_alloc(writer_, nullptr, sizeof tick_, nullptr, &error_),
      arena_shm_writer_alloc(nullptr, &tick_, sizeof tick_, nullptr, &error_),
      arena_shm_writer_open(nullptr, nullptr, &other_writer, &error_),
      arena_shm_reader_next(nullptr, &tick_, sizeof tick_, nullptr, &error_),
      arena_shm_reader_next(reader_, nullptr, sizeof tick_, nullptr, &error_),
      arena_shm_reader_next_many(reader_, &tick_, sizeof tick_, nullptr, 1, nullptr, &error_),
      arena_shm_reader_wait(nullptr, 0, &error_),
      arena_shm_reader_counts(reader_, nullptr, &error_),
      arena_shm_reader_counts(nullptr, &counts, &error_),
      arena_shm_wait_set_add_reader(set, nullptr, &error_),
      arena_shm_wait_set_wait(nullptr, 0, &error_),
      arena_shm_wait_set_fd(set, nullptr, &error_),
      arena_shm_consumers(nullptr, nullptr, 0, &count, &error_),
      arena_shm_get_info(nullptr, nullptr, &error_),
  };
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], ARENA_SHM_E_INVALID_ARGUMENT) << i;
  EXPECT_EQ(arena_shm_head(nullptr), 0U);
  EXPECT_EQ(arena_shm_ptr_at(nullptr, 0), nullptr);
  EXPECT_FALSE(arena_shm_retired(nullptr));
  EXPECT_EQ(arena_shm_reader_gaps(nullptr, nullptr, 0, nullptr), 0U);
  EXPECT_FALSE(arena_shm_wait_set_is_reader_ready(set, nullptr));
  arena_shm_close(nullptr);
  arena_shm_wait_set_close(nullptr);
}

}  // namespace
}  // namespace arena_shm::test
