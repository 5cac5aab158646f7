// Handles that are destroyed while a thread is inside of them.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "arena_shm/arena.hpp"
#include "crash/acts.hpp"
#include "crash/exit_fixture.hpp"
#include "support/stopped_writer.hpp"

namespace arena_shm::test {
namespace {

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
