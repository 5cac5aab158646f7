// exit() while threads are in the middle of something: the process exits, with its code. Each runs in a process of its
// own, which has the handles as statics.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include "arena_shm/arena.hpp"
#include "crash/acts.hpp"
#include "crash/exit_fixture.hpp"
#include "support/stopped_writer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

TEST_F(ExitWhileTest, InArenaAllocWaiting) {
  Child stopped = holder();
  ASSERT_EQ(stopped.stop_or_end(), "stopped");
  for (const bool by_main : {true, false}) {
    EXPECT_EQ(exiting(
                  "mutex_waiting", [] { statics.arena->alloc(1); }, 1, by_main)
                  .end(),
              "exit 7");
    EXPECT_EQ(exiting(
                  "mutex_waiting", [] { statics.arena->alloc(1); }, 3, by_main)
                  .end(),
              "exit 7");
  }
  stopped.signal(SIGCONT);
  EXPECT_EQ(stopped.end(), "exit 0");
  EXPECT_EQ(arena_.alloc(2).value, 2U) << "the others go on";
}

TEST_F(ExitWhileTest, InAWritersAllocStarved) {
  std::optional<StoppedWriter> stopped(std::in_place, arena_, file_);
  stopped->stop_in_slot(4);  // every slot
  for (const bool by_main : {true, false}) {
    EXPECT_EQ(exiting(
                  "alloc_starved", [] { statics.writer->alloc(1); }, 1, by_main)
                  .end(),
              "exit 7");
    EXPECT_EQ(exiting(
                  "alloc_starved", [] { statics.arena->alloc(1); }, 1, by_main)
                  .end(),
              "exit 7");
    EXPECT_EQ(exiting(
                  "", [] { statics.writer->try_alloc(1); }, 1, by_main)
                  .end(),
              "exit 7");
  }
  stopped->die();
  EXPECT_EQ(arena_.alloc(2).value, 2U);
}

TEST_F(ExitWhileTest, InWaitFor) {
  for (const bool by_main : {true, false}) {
    EXPECT_EQ(exiting(
                  "sleeper_announced", [] { statics.reader->wait_for(std::chrono::hours::max()); }, 1, by_main)
                  .end(),
              "exit 7");
    EXPECT_EQ(exiting(
                  "", [] { statics.reader->wait_for(std::chrono::microseconds(300)); }, 1, by_main)
                  .end(),
              "exit 7");
  }
}

TEST_F(ExitWhileTest, InACallbackOfOnGap) {
  auto writer = arena_.writer();
  for (std::uint64_t i = 0; i < 10; ++i) writer.alloc(i);
  Child child([&] {
    Late::late_exit = true;
    static const Gate inside;
    open_all(name_);
    statics.reader->on_gap([captured = std::string(100, 'x')](const Gap&) {
      inside.open();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      if (captured != std::string(100, 'x')) std::abort();
    });
    std::thread([] {
      while (statics.reader->next()) continue;
      for (;;) ::pause();
    }).detach();
    inside.pass();
    std::exit(7);
    return 1;
  });
  EXPECT_EQ(child.end(), "exit 7");
}

// Not waiting at all: exit comes in between of anything.
TEST_F(ExitWhileTest, InTheMiddleOfAnything) {
  for (const bool by_main : {true, false}) {
    EXPECT_EQ(exiting(
                  "", [] { statics.arena->alloc(1); }, 3, by_main)
                  .end(),
              "exit 7");
    EXPECT_EQ(exiting(
                  "", [] { statics.writer->alloc(1); }, 1, by_main)
                  .end(),
              "exit 7");
    EXPECT_EQ(exiting(
                  "", [] { statics.reader->next(); }, 1, by_main)
                  .end(),
              "exit 7");
    EXPECT_EQ(exiting(
                  "", [] { statics.view->read(0); }, 3, by_main)
                  .end(),
              "exit 7");
    EXPECT_EQ(exiting(
                  "", [] { statics.arena->writer(); }, 3, by_main)
                  .end(),
              "exit 7");
    EXPECT_EQ(exiting(
                  "", [] { statics.view->reader(From::oldest); }, 3, by_main)
                  .end(),
              "exit 7");
    EXPECT_EQ(arena_.alloc(2).value, 2U);
  }
}

// A handle that comes only after the threads' first use, and is the newest static of all.
TEST_F(ExitWhileTest, InAStaticThatAThreadMade) {
  Child stopped = holder();
  ASSERT_EQ(stopped.stop_or_end(), "stopped");
  Child child([&] {
    Late::late_exit = true;
    static const TempName& name = name_;
    static std::atomic<bool> waits{false};
    core::stop_point_hook = [](const char* at) {
      if (std::string(at) == "mutex_waiting") waits = true;
    };
    std::thread([] {
      static Numbers own = Numbers::open(name);
      own.alloc(1);
    }).detach();
    while (!waits) std::this_thread::yield();
    std::exit(7);
    return 1;
  });
  EXPECT_EQ(child.end(), "exit 7");
}

TEST_F(ExitWhileTest, LookingAtAViewThatIsTheOnlyHandle) {
  Child child([&] {
    Late::late_exit = true;
    static std::optional<ArenaView<std::uint64_t>> view = ArenaView<std::uint64_t>::open(name_);
    static std::atomic<bool> looks{false};
    std::thread([] {
      for (;;) {
        view->read(0);
        looks = true;
      }
    }).detach();
    while (!looks) std::this_thread::yield();
    std::exit(7);
    return 1;
  });
  EXPECT_EQ(child.end(), "exit 7");
}

// In a process with one thread, exit() gives everything back in order.
TEST_F(ExitWhileTest, NothingLeavesTheSeats) {
  Child child([&] {
    open_all(name_);
    for (int i = 0; i < 200; ++i) statics.arena->alloc(1);
    std::exit(7);
    return 1;
  });
  EXPECT_EQ(child.end(), "exit 7");
  for (std::uint32_t seat = 0; seat < 2; ++seat) {
    EXPECT_EQ(file_.seat(seat).session, 1U);
    EXPECT_EQ(file_.seat(seat).ended, 1U) << "left, not dead";
  }
  EXPECT_EQ(file_.control().mutex, 0U) << "the reservation too";
}

// What is left behind otherwise looks dead, and is cleared by whoever comes next.
TEST_F(ExitWhileTest, AnythingItsSeatsAreThoseOfTheDead) {
  EXPECT_EQ(exiting(
                "", [] { statics.arena->alloc(1); }, 2)
                .end(),
            "exit 7");
  EXPECT_EQ(file_.seat(0).ended, 0U) << "the writer's, which any thread might have been in";
  auto writer = arena_.writer();
  EXPECT_EQ(writer.seat(), 0U);
  EXPECT_EQ(writer.alloc(2).value, 2U);
}

}  // namespace
}  // namespace arena_shm::test
