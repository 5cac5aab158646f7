// Sleeping and waking: who sleeps is woken, and the bell is rung once.
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::SegmentFile;
using test::TempName;

// A writer may be preempted in the middle of a value, which is then to be waited for, and not passed over.
constexpr std::chrono::nanoseconds kPatient = std::chrono::hours{1};

class DoorbellTest : public ::testing::Test {
 protected:
  void make(Writers writers = Writers::shared) {
    arena_.emplace(Arena<std::uint64_t>::create(name_, {.slots = 8, .writers = writers}));
    file_.emplace(name_);
  }
  std::atomic<std::uint32_t>& word() { return file_->doorbell().word; }

  /// Sleeps on the bell as a reader does, but with no slice after which it would wake by itself; then lets `act` ring.
  /// Returns whether it was woken within a time that no machine needs.
  bool wakes(const std::function<void()>& act) {
    word() = 1;
    std::atomic<bool> woken{false};
    std::thread sleeper([&] {
      const timespec longest{20, 0};
      auto* address = reinterpret_cast<std::uint32_t*>(&word());
      const long result = ::syscall(SYS_futex, address, FUTEX_WAIT, 1, &longest, nullptr, 0);
      woken = result == 0 || errno == EAGAIN;  // or it has come too late to sleep: the word was 0 by then
    });
    std::this_thread::sleep_for(milliseconds(20));  // so that it mostly sleeps
    act();
    sleeper.join();
    return woken;
  }

  TempName name_;
  std::optional<Arena<std::uint64_t>> arena_;
  std::optional<SegmentFile> file_;
};

TEST_F(DoorbellTest, EveryWayToWriteRingsIt) {
  make();
  auto writer = arena_->writer();
  const std::vector<std::uint64_t> batch(3);
  EXPECT_TRUE(wakes([&] { writer.alloc(1); }));
  EXPECT_TRUE(wakes([&] { writer.try_alloc(1); }));
  EXPECT_TRUE(wakes([&] { writer.alloc(batch); }));
  EXPECT_TRUE(wakes([&] { writer.alloc_with([](SlotWriter&) noexcept {}); }));
  EXPECT_TRUE(wakes([&] { arena_->alloc(1); }));
  for (int i = 0; i < 200; ++i) arena_->alloc(1);  // reserves the mutex meanwhile
  EXPECT_TRUE(wakes([&] { arena_->alloc(1); }));
  for (int i = 0; i < 200; ++i) writer.alloc(1);  // foresees its numbers meanwhile
  EXPECT_TRUE(wakes([&] { writer.alloc(1); }));
}

TEST_F(DoorbellTest, ABatchThatThrowsRingsForWhatItPublishedAndCountsIt) {
  make();
  auto writer = arena_->writer();
  const std::uint64_t first = arena_->head();
  file_->stamp((first + 2) % arena_->slots()) = core::done(1000);
  const std::vector<std::uint64_t> batch(3);
  EXPECT_TRUE(wakes([&] { EXPECT_EQ(test::code_of([&] { writer.alloc(batch); }), Code::corrupt); }));
  EXPECT_EQ(arena_->read(first + 1).status, ReadStatus::ok);
  EXPECT_EQ(file_->seat(writer.seat()).values, 2U);
}

TEST_F(DoorbellTest, AnExclusiveWriterRingsIt) {
  make(Writers::exclusive);
  auto writer = arena_->writer();
  const std::vector<std::uint64_t> batch(3);
  EXPECT_TRUE(wakes([&] { writer.alloc(1); }));
  EXPECT_TRUE(wakes([&] { writer.alloc(batch); }));
}

// A sleeper that was killed leaves 1 behind: one wake-up, and then the writers are at rest again.
TEST_F(DoorbellTest, TheFirstAllocPutsTheWordBackToZero) {
  make();
  auto writer = arena_->writer();
  word() = 1;
  writer.alloc(1);
  EXPECT_EQ(word() & 1, 0U);
  for (int i = 0; i < 100; ++i) writer.alloc(1);  // from here on it foresees its numbers
  word() = 1;
  writer.alloc(1);
  EXPECT_EQ(word() & 1, 0U);
  word() = 0xffff'ffff;  // nobody but a hostile peer stores that
  writer.alloc(1);
  EXPECT_EQ(word() & 1, 0U);
}

TEST_F(DoorbellTest, AReaderThatSleepsIsWokenInBothManners) {
  for (const Manner manner : {Manner::latency, Manner::throughput}) {
    make();
    std::optional<std::uint64_t> found;
    std::thread follower([&] {
      auto reader = arena_->reader(From::oldest, {.manner = manner, .hold = kPatient});
      if (reader.wait_for(seconds(60))) found = reader.next()->value;
    });
    while ((word() & 1) == 0) std::this_thread::yield();  // it says that it is about to sleep
    std::this_thread::sleep_for(milliseconds(5));
    arena_->alloc(42);
    follower.join();
    EXPECT_EQ(found, 42U);
    EXPECT_EQ(word() & 1, 0U);
    Arena<std::uint64_t>::remove(name_);
  }
}

TEST_F(DoorbellTest, AReaderThatPollsLeavesTheWordAlone) {
  make();
  const auto view = ArenaView<std::uint64_t>::open(name_);
  auto reader = view.reader(From::oldest, {.hold = kPatient, .doorbell = false});
  EXPECT_FALSE(reader.wait_for(milliseconds(5)));
  EXPECT_EQ(word() & 1, 0U);
  std::thread follower([&] { EXPECT_TRUE(reader.wait_for(seconds(60))); });
  std::this_thread::sleep_for(milliseconds(5));
  arena_->alloc(1);
  follower.join();
  EXPECT_EQ(word() & 1, 0U);
}

TEST_F(DoorbellTest, WaitingEndsWithTheTimeout) {
  make();
  for (const Manner manner : {Manner::latency, Manner::throughput}) {
    auto reader = arena_->reader(From::oldest, {.manner = manner});
    EXPECT_FALSE(reader.wait_for(std::chrono::nanoseconds{0}));
    EXPECT_FALSE(reader.wait_for(std::chrono::nanoseconds{-5}));
    EXPECT_FALSE(reader.wait_for(std::chrono::nanoseconds::min()));
    EXPECT_FALSE(reader.wait_for(milliseconds(3)));
  }
}

TEST_F(DoorbellTest, WaitingDoesNotTakeTheValue) {
  make();
  auto reader = arena_->reader(From::oldest);
  arena_->alloc(7);
  EXPECT_TRUE(reader.wait_for(std::chrono::nanoseconds{0}));
  EXPECT_TRUE(reader.wait_for(std::chrono::nanoseconds::max()));
  EXPECT_EQ(reader.read_count(), 0U);
  EXPECT_EQ(reader.next()->value, 7U);
}

TEST_F(DoorbellTest, AWaitWithoutEndIsWoken) {
  make();
  std::thread follower([&] {
    auto reader = arena_->reader(From::oldest);
    EXPECT_TRUE(reader.wait_for(std::chrono::nanoseconds::max()));
  });
  while ((word() & 1) == 0) std::this_thread::yield();
  arena_->alloc(1);
  follower.join();
}

// While it waits a reader is lapped, and counts what it loses: also that ends with something to deliver.
TEST_F(DoorbellTest, WaitingOfALappedReaderFindsWhatIsLeft) {
  make();
  auto reader = arena_->reader(From::oldest);
  for (std::uint64_t i = 0; i < 100; ++i) arena_->alloc(i);
  EXPECT_TRUE(reader.wait_for(std::chrono::nanoseconds{0}));
  const auto entry = reader.next();
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->seq, reader.overwritten_count());
}

TEST_F(DoorbellTest, AReportOfWhatIsLostComesWhileWaitingInVain) {
  make();
  auto writer = arena_->writer();
  auto reader = arena_->reader(From::oldest);
  std::uint64_t lost = 0;
  reader.on_gap([&](const Gap& gap) { lost += gap.count(); });
  file_->head() += 3;
  EXPECT_FALSE(reader.wait_for(milliseconds(2)));
  EXPECT_EQ(lost, 3U);
}

// Many sleeps and wakes, each of which has to be met by the other side before the next.
TEST_F(DoorbellTest, NoWakeUpIsLostOverManyTurns) {
  constexpr std::uint64_t kTurns = 3000;
  make();
  const TempName back_name;
  auto back = Arena<std::uint64_t>::create(back_name, {.slots = 8});
  std::thread echo([&] {
    auto reader = arena_->reader(From::oldest, {.manner = Manner::throughput, .hold = kPatient});
    auto writer = back.writer();
    for (std::uint64_t i = 0; i < kTurns; ++i) {
      while (!reader.wait_for(seconds(60))) {
      }
      writer.alloc(reader.next()->value);
    }
  });
  auto reader = back.reader(From::oldest, {.manner = Manner::latency, .hold = kPatient});
  auto writer = arena_->writer();
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < kTurns; ++i) {
    if (i % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));  // the echo goes to sleep
    writer.alloc(i);
    while (!reader.wait_for(seconds(60))) {
    }
    wrong += reader.next()->value != i;
  }
  echo.join();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace arena_shm
