// exit() while threads are in the middle of something: the process exits, with its code. Each runs in a process of its
// own, which has the handles as statics.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "arena_shm/arena.hpp"
#include "crash/acts.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

using Numbers = Arena<std::uint64_t>;

/// Another library's static, which is destroyed after the handles: the threads have time to come upon what is gone.
struct Late {
  ~Late() {
    if (late_exit) ::usleep(30'000);
  }
  static inline bool late_exit = false;
};
Late late;

struct Statics {
  std::optional<Numbers> arena;
  std::optional<Writer<std::uint64_t>> writer;
  std::optional<ArenaView<std::uint64_t>> view;
  std::optional<Reader<std::uint64_t>> reader;
};
Statics statics;

void open_all(const TempName& name) {
  statics.arena = Numbers::open(name);
  statics.writer = statics.arena->writer();
  statics.view = ArenaView<std::uint64_t>::open(name);
  statics.reader = statics.view->reader(From::at(0));
}

class ExitWhileTest : public testing::Test {
 protected:
  /// A process in which `work` runs on detached threads, and which exits, with code 7, once each has come to `point`;
  /// or, without a point, when each has called `work` a hundred times.
  Child exiting(const char* point, const std::function<void()>& work, int threads = 1, bool by_main = true) {
    return Child([=, this] {
      Late::late_exit = true;
      static std::atomic<int> come{0};
      static std::string where;
      where = point;
      open_all(name_);
      core::stop_point_hook = [](const char* at) {
        if (where == at) ++come;
      };
      for (int i = 0; i < threads; ++i) {
        std::thread([=] {
          for (int times = 0;; ++times) {
            work();
            if (where.empty() && times == 100) ++come;
          }
        }).detach();
      }
      while (come < threads) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // that they sleep; it is right without, too
      if (by_main) std::exit(7);
      std::thread([] { std::exit(7); }).join();
      return 1;
    });
  }

  /// A process that is stopped inside of Arena::alloc.
  Child holder() {
    return Child([this] {
      auto arena = Numbers::open(name_);
      StopAt::arm("mutex_locked", SIGSTOP);
      arena.alloc(1);
      return 0;
    });
  }

  TempName name_;
  Numbers arena_ = Numbers::create(name_, {.slots = 4, .seats = 16});
  SegmentFile file_{name_};
};

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

// Not exit, but a handle that is destroyed too early: it stays for the thread that waits in it.
TEST_F(ExitWhileTest, DestroyedByHandItStaysForAThreadThatWaits) {
  Child stopped = holder();
  ASSERT_EQ(stopped.stop_or_end(), "stopped");
  Child child([&] {
    static std::atomic<int> waits{0};
    core::stop_point_hook = [](const char* at) {
      if (std::string(at) == "mutex_waiting") ++waits;
    };
    open_all(name_);
    std::uint64_t value = 0;
    std::thread thread([&] { value = statics.arena->alloc(42).value; });
    while (waits < 2) std::this_thread::yield();  // asleep once, at least
    statics.arena.reset();
    if (file_.seat(2).session == 0 || file_.seat(2).ended != 0) return 2;  // that of the waiting thread
    stopped.signal(SIGCONT);
    thread.join();
    return value == 42 ? 7 : 1;
  });
  EXPECT_EQ(child.end(), "exit 7");
  EXPECT_EQ(stopped.end(), "exit 0");
}

TEST_F(ExitWhileTest, DestroyedByHandAWriterStaysForAThreadThatWaits) {
  Child child([&] {
    static std::atomic<int> waits{0};
    core::stop_point_hook = [](const char* at) {
      if (std::string(at) == "alloc_starved") ++waits;
    };
    arena_ = Numbers::open(name_);  // a child's own
    StoppedWriter stopped(arena_, file_);
    stopped.stop_in_slot(4);
    open_all(name_);
    std::uint64_t value = 0;
    std::thread thread([&] { value = statics.writer->alloc(42).value; });
    while (waits < 3) std::this_thread::yield();
    statics.writer.reset();
    if (file_.seat(1).session == 0 || file_.seat(1).ended != 0) return 2;
    stopped.publish(1);
    thread.join();
    return value == 42 ? 7 : 1;
  });
  EXPECT_EQ(child.end(), "exit 7");
}

TEST_F(ExitWhileTest, DestroyedByHandAReaderStaysForAThreadThatWaits) {
  Child child([&] {
    static std::atomic<int> waits{0};
    core::stop_point_hook = [](const char* at) {
      if (std::string(at) == "sleeper_announced") ++waits;
    };
    open_all(name_);
    bool came = false;
    std::thread thread([&] { came = statics.reader->wait_for(std::chrono::hours::max()); });
    while (waits < 1) std::this_thread::yield();
    statics.reader.reset();
    statics.view.reset();
    statics.writer->alloc(1);
    thread.join();
    return came ? 7 : 1;
  });
  EXPECT_EQ(child.end(), "exit 7");
}

// A thread that ends is no exit: what is destroyed with it is given back.
TEST_F(ExitWhileTest, AThreadsOwnHandlesGoWithIt) {
  for (int i = 0; i < 40; ++i) {
    std::thread([this] {
      static thread_local std::optional<Numbers> arena;
      static thread_local std::optional<Writer<std::uint64_t>> writer;
      writer.reset();
      arena = Numbers::open(name_);
      writer = arena->writer();
      writer->alloc(1);
      arena->alloc(1);
    }).join();
  }
  EXPECT_EQ(arena_.writer().seat(), 0U);
}

}  // namespace
}  // namespace arena_shm::test
