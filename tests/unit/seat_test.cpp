// Seats: who gets one, what is shown of its holder, and who is told that there is none.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/lease_tests.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Child;
using test::code_of;
using test::Gate;
using test::SegmentFile;
using test::StoppedWriter;
using test::TempName;

class SeatTest : public ::testing::Test {
 protected:
  void make(std::uint32_t seats, Writers writers = Writers::shared) {
    arena_.emplace(Arena<std::uint64_t>::create(name_, {.slots = 8, .writers = writers, .seats = seats}));
    file_.emplace(name_);
  }

  TempName name_;
  std::optional<Arena<std::uint64_t>> arena_;
  std::optional<SegmentFile> file_;
};

TEST_F(SeatTest, EachWriterHasItsOwnUntilNoneIsLeft) {
  make(3);
  std::vector<Writer<std::uint64_t>> writers;
  std::set<std::uint32_t> seats;
  for (int i = 0; i < 3; ++i) seats.insert(writers.emplace_back(arena_->writer()).seat());
  EXPECT_EQ(seats, (std::set<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(code_of([&] { arena_->writer(); }), Code::table_full);
  EXPECT_EQ(code_of([&] { arena_->alloc(1); }), Code::table_full) << "also the handle needs one";
  writers.erase(writers.begin() + 1);
  EXPECT_EQ(arena_->writer().seat(), 1U);
  EXPECT_EQ(arena_->alloc(1).seq, 0U) << "and it comes back";
}

TEST_F(SeatTest, AnExclusiveArenaHasOneWriterAtATime) {
  make(9, Writers::exclusive);
  std::optional<Writer<std::uint64_t>> writer(arena_->writer());
  EXPECT_EQ(code_of([&] { arena_->writer(); }), Code::table_full);
  EXPECT_EQ(code_of([&] { Arena<std::uint64_t>::open(name_).writer(); }), Code::table_full);
  EXPECT_EQ(code_of([&] { arena_->alloc(1); }), Code::table_full);
  Child child([&] { return code_of([&] { Arena<std::uint64_t>::open(name_).writer(); }) == Code::table_full ? 0 : 1; });
  EXPECT_EQ(child.end(), "exit 0");
  writer->alloc(5);
  writer.reset();
  EXPECT_EQ(arena_->writer().alloc(6).seq, 1U) << "the next holder goes on at head";
}

TEST_F(SeatTest, ShowsItsHolder) {
  make(2);
  const auto writer = arena_->writer("sensor \xc3\xa4 with a name of more than 32 bytes");
  core::Seat& seat = file_->seat(writer.seat());
  EXPECT_EQ(seat.pid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_EQ(seat.tid, static_cast<std::uint32_t>(::gettid()));
  struct stat status {};
  ASSERT_EQ(::stat("/proc/self/ns/pid", &status), 0);
  EXPECT_EQ(seat.pid_namespace, status.st_ino);
#if !defined(ARENA_SHM_EMULATED)  // an emulator makes up what /proc says of the process: then nothing is said
  EXPECT_GT(seat.start_time, 0U);
#endif
  EXPECT_GT(seat.taken_ns, 1'600'000'000'000'000'000);
  EXPECT_EQ(std::memcmp(&seat.name, "sensor \xc3\xa4 with a name of more than 32 bytes", 32), 0);
}

TEST_F(SeatTest, AHolderThatLeavesIsToldFromOneThatDied) {
  make(2);
  std::optional<Writer<std::uint64_t>> writer(arena_->writer("x"));
  writer.reset();
  EXPECT_EQ(file_->seat(0).session, 1U);
  EXPECT_EQ(file_->seat(0).ended, 1U);
  Child child([&] {
    const auto held = Arena<std::uint64_t>::open(name_).writer("y");
    ::_exit(0);
    return 1;
  });
  const pid_t pid = child.pid();
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(file_->seat(0).pid, static_cast<std::uint32_t>(pid));
  EXPECT_EQ(file_->seat(0).session, 2U);
  EXPECT_EQ(file_->seat(0).ended, 1U);
}

TEST_F(SeatTest, CountersGoOnFromHolderToHolder) {
  make(2);
  for (int holder = 0; holder < 3; ++holder) {
    auto writer = arena_->writer();
    ASSERT_EQ(writer.seat(), 0U);
    for (int i = 0; i < 5; ++i) writer.alloc(1);
    writer.alloc(std::vector<std::uint64_t>{1, 2});
  }
  EXPECT_EQ(file_->seat(0).values, 21U);
  StoppedWriter stopped(*arena_, *file_);
  stopped.stop_in_slot();
  for (int holder = 0; holder < 2; ++holder) {
    auto writer = arena_->writer();
    ASSERT_EQ(writer.seat(), 1U);
    for (int i = 0; i < 21; ++i) writer.alloc(1);  // three laps of seven, past the slot that is held
  }
  EXPECT_EQ(file_->seat(1).values, 42U);
  EXPECT_EQ(file_->seat(1).skipped, 5U);
  EXPECT_EQ(arena_->head(), 21U + 1 + 42 + 5) << "totals are sums over the seats";
}

TEST_F(SeatTest, ANewHolderBeginsIdleAtHead) {
  make(2);
  {
    auto first = arena_->writer();
    auto second = arena_->writer();
    first.alloc(1);
    second.alloc(2);
    second.alloc(3);
  }
  const auto writer = arena_->writer();
  EXPECT_EQ(file_->seat(0).claim, core::idle(3));
}

TEST_F(SeatTest, OnlyTheDeadAreClearedAndOnlyOnce) {
  make(3);
  const auto segment = core::Segment::open(name_, core::Access::read_write);
  auto writer = arena_->writer();
  StoppedWriter dead(*arena_, *file_);
  EXPECT_FALSE(core::clear_dead_seat(*segment, 0)) << "it lives";
  EXPECT_FALSE(core::clear_dead_seat(*segment, 1)) << "it lives";
  EXPECT_FALSE(core::clear_dead_seat(*segment, 2)) << "nobody has had it";
  dead.die();
  EXPECT_TRUE(core::clear_dead_seat(*segment, 1));
  EXPECT_EQ(file_->seat(1).ended, 1U);
  EXPECT_FALSE(core::clear_dead_seat(*segment, 1));
  EXPECT_EQ(writer.alloc(1).seq, 0U) << "the living one was left alone";
}

// Somebody wrote over the seats' words: nobody gets a seat that another one holds, and nobody is taken for dead.
TEST_F(SeatTest, WildSessionsGiveNoSeatAwayTwice) {
  make(2);
  file_->seat(0).ended = ~std::uint64_t{0};
  auto first = arena_->writer();
  ASSERT_EQ(first.seat(), 0U);
  EXPECT_EQ(file_->seat(0).ended, 0U);
  EXPECT_EQ(arena_->writer().seat(), 1U) << "the first one is held";
  const auto segment = core::Segment::open(name_, core::Access::read_only);
  for (const std::uint64_t wild : {core::kMaxSession + 1, ~std::uint64_t{0}}) {
    file_->seat(1).session = wild;
    EXPECT_EQ(segment->witness().life_of(1, wild), core::Life::alive);
    EXPECT_EQ(code_of([&] { arena_->writer(); }), Code::table_full);
  }
  file_->seat(1).session = 1;
  EXPECT_EQ(segment->witness().life_of(1, 1), core::Life::over) << "nothing was remembered about it";
  file_->seat(1).session = 2;
  file_->seat(1).ended = 1;
  EXPECT_EQ(arena_->writer().seat(), 1U);
}

// As writer() of an arena with thousands of writers: that they live is not asked of the kernel for each of them.
TEST_F(SeatTest, ANewcomerAsksForFewLeasesWhereASeatWasLeft) {
  make(300);
  std::vector<Writer<std::uint64_t>> writers;
  for (int i = 0; i < 299; ++i) writers.push_back(arena_->writer());
  std::uint32_t seat = 0;
  EXPECT_LE(test::lease_tests_of([&] { seat = Arena<std::uint64_t>::open(name_).writer().seat(); }), 64U);
  EXPECT_EQ(seat, 299U);
  file_->seat(299).ended = 0;
  file_->seat(5).session = 2;  // both died
  EXPECT_LE(test::lease_tests_of([&] { seat = arena_->writer().seat(); }), 6U);
  EXPECT_EQ(seat, 5U) << "one of the first that are dead will do";
  auto fifth = arena_->writer();
  ASSERT_EQ(fifth.seat(), 5U);
  EXPECT_EQ(arena_->writer().seat(), 299U) << "one further on, too, if there is nothing else";
}

/// A process that read-locks the lease bytes, which needs read permission only: those that nobody holds, it gets.
Child read_locker(const TempName& name, const Gate& locked) {
  return Child([&] {
    const int fd = ::open(name.path().c_str(), O_RDONLY);
    for (std::uint32_t seat = 0; seat < 4; ++seat) {
      for (std::uint64_t session = 1; session < 4; ++session) {
        struct flock lock {};
        lock.l_type = F_RDLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = static_cast<off_t>(core::door_position(seat, session));
        lock.l_len = 1;
        ::fcntl(fd, F_OFD_SETLK, &lock);
        ++lock.l_start;
        ::fcntl(fd, F_OFD_SETLK, &lock);
      }
    }
    locked.open();
    ::pause();
    return 0;
  });
}

TEST_F(SeatTest, AReadLockerObstructsNewcomersOnlyAndIsNamed) {
  make(4);
  const Gate locked;
  Child locker = read_locker(name_, locked);
  locked.pass();
  EXPECT_EQ(code_of([&] { arena_->writer(); }), Code::obstructed);
  locker.kill_and_reap();
  EXPECT_EQ(code_of([&] { arena_->writer(); }), std::nullopt);
}

TEST_F(SeatTest, AReadLockerCannotFakeLife) {
  make(4);
  StoppedWriter stopped(*arena_, *file_);
  auto writer = arena_->writer();
  const std::uint64_t seq = stopped.stop_in_slot();
  stopped.die();
  const Gate locked;
  Child locker = read_locker(name_, locked);
  locked.pass();
  EXPECT_EQ(arena_->read(seq).status, ReadStatus::hole);
  for (int i = 0; i < 20; ++i) writer.alloc(1);
  EXPECT_EQ(file_->seat(writer.seat()).skipped, 0U);
}

}  // namespace
}  // namespace arena_shm
