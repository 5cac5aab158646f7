// A writer in a WaitSet: in which one it is, whom tools see it wait for, the descriptor, forked children, and exit.
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>

#include "arena_shm/wait_set.hpp"
#include "unit/wait_set_writer_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using std::chrono::hours;
using test::Child;
using test::code_of;

class WaitSetWriterHandleTest : public test::WritersInASet {};
INSTANTIATE_FOR_EACH_KIND(WaitSetWriterHandleTest);

TEST_P(WaitSetWriterHandleTest, IsInOneSetAndLeavesItWhenItGoes) {
  WaitSet other;
  {
    auto writer = arena_.writer();
    set_.add(writer);
    EXPECT_EQ(code_of([&] { other.add(writer); }), Code::invalid_argument);
    EXPECT_TRUE(set_.wait_for(0ms));
    auto moved = std::move(writer);
    EXPECT_TRUE(set_.is_ready(moved));
    EXPECT_TRUE(set_.wait_for(0ms)) << "the moved one is in it";
    set_.remove(moved);
    EXPECT_FALSE(set_.wait_for(0ms));
    other.add(moved);
    set_.remove(moved);
    EXPECT_TRUE(other.wait_for(0ms)) << "it is not in that set";
  }
  EXPECT_FALSE(other.wait_for(0ms));
}

TEST_P(WaitSetWriterHandleTest, OutlivesItsSet) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  {
    WaitSet gone;
    gone.add(writer);
    EXPECT_TRUE(gone.wait_for(0ms));
  }
  set_.add(writer);
  fill(writer);
  EXPECT_FALSE(set_.wait_for(1ms));
}

TEST_P(WaitSetWriterHandleTest, ToolsSeeWhomItWaitsForAsLongAsItDoes) {
  auto first = arena_.consumer("first");
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  set_.add(writer);
  fill(writer);
  EXPECT_EQ(take_all(first).size(), kSlots);
  std::thread sleeper([&] { EXPECT_TRUE(set_.wait_for(hours::max())); });
  EXPECT_TRUE(eventually([&] { return arena_.consumers()[1].stalled > 0ms; }));
  EXPECT_EQ(waits_for(writer), 2U) << "the second consumer";
  EXPECT_EQ(take_all(consumer).size(), kSlots);
  sleeper.join();
  EXPECT_EQ(waits_for(writer), 0U) << "there is room";
  fill(writer);
  const auto since = [&] { return test::SegmentFile(name_).seat(writer.seat()).waits_since_ns.load(); };
  EXPECT_FALSE(set_.wait_for(3ms));
  EXPECT_EQ(waits_for(writer), 0U) << "the time is over";
  const auto before = since();
  std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(set_.wait_for(1ms));
  EXPECT_EQ(since(), before) << "it is one and the same wait";
}

TEST_P(WaitSetWriterHandleTest, NobodyIsShownWhenTheWaitEndsByAnother) {
  const test::TempName name;
  auto news = Arena<Tick>::create(name, {.slots = 4, .seats = 2});
  auto reader = news.reader(From::oldest);
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  set_.add(writer);
  set_.add(reader);
  fill(writer);
  while_asleep([&] { EXPECT_TRUE(set_.wait_for(hours::max())); },
               [&] {
                 EXPECT_EQ(waits_for(writer), 1U);
                 news.alloc(1);
               });
  EXPECT_FALSE(set_.is_ready(writer));
  EXPECT_EQ(waits_for(writer), 0U);
}

TEST_P(WaitSetWriterHandleTest, TheDescriptorIsReadableWhenThereIsRoom) {
  auto writer = arena_.writer();
  auto consumer = arena_.consumer("risk");
  set_.add(writer);
  const auto poll = [fd = set_.fd()] {
    pollfd events{.fd = fd, .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&events, 1, -1), 1);
  };
  for (int round = 0; round < 20; ++round) {
    while (writer.try_alloc(1)) {
    }
    EXPECT_FALSE(set_.wait_for(0ms));
    std::thread other([&] {
      if (round % 2 == 0) std::this_thread::sleep_for(1ms);
      take_all(consumer);
    });
    while (!set_.wait_for(0ms)) poll();
    other.join();
    EXPECT_TRUE(set_.is_ready(writer));
  }
  { const auto gone = std::move(consumer); }
  Child child = stopped_consumer();
  fill(writer);
  EXPECT_FALSE(set_.wait_for(0ms));
  child.kill_and_reap();
  while (!set_.wait_for(0ms)) poll();  // nobody rings: it is looked after
  EXPECT_TRUE(set_.is_ready(writer));
}

TEST_P(WaitSetWriterHandleTest, WithADescriptorWritersStillComeAndGo) {
  std::optional<Arena<Tick>> opened(Arena<Tick>::open(name_));
  std::optional<Writer<Tick>> writer(opened->writer());
  auto consumer = arena_.consumer("risk");
  set_.add(*writer);
  set_.fd();
  fill(*writer);
  EXPECT_FALSE(set_.wait_for(0ms));
  opened.reset();
  writer.reset();  // unmapped, while the thread may sleep on its bell
  for (int i = 0; i < 20; ++i) {
    take_all(consumer);
    EXPECT_FALSE(set_.wait_for(1ms));
  }
}

TEST_P(WaitSetWriterHandleTest, AForkedChildIsRefusedAndMayDestroyIt) {
  std::optional<Writer<Tick>> writer(arena_.writer());
  auto consumer = arena_.consumer("risk");
  set_.add(*writer);
  for (const bool full : {false, true}) {
    if (full) fill(*writer);
    EXPECT_EQ(set_.wait_for(1ms), !full);
    Child child([&] {
      if (code_of([&] { set_.wait_for(0ms); }) != Code::forked) return 1;
      if (code_of([&] { set_.wait_for(1ms); }) != Code::forked) return 2;
      writer.reset();
      return set_.wait_for(0ms) ? 3 : 0;
    });
    EXPECT_EQ(child.end(), "exit 0");
  }
  take_all(consumer);
  EXPECT_TRUE(set_.wait_for(0ms));
}

TEST_P(WaitSetWriterHandleTest, OneThatIsWaitedForIsLeftAloneByWhoeverDestroysIt) {
  Child child([&] {  // where nobody minds what is left
    auto arena = Arena<Tick>::open(name_);
    auto consumer = arena.consumer("risk");
    std::optional<Writer<Tick>> writer(arena.writer());
    set_.add(*writer);
    fill(*writer);
    bool woken = false;
    while_asleep([&] { woken = set_.wait_for(hours::max()); },
                 [&] {
                   writer.reset();
                   take_all(consumer);
                 });
    return woken && set_.ready().size() == 1 ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

TEST_P(WaitSetWriterHandleTest, AStaticOneDoesNotHoldUpExit) {
  auto consumer = arena_.consumer("risk");
  Child child([&] {
    static std::optional<Arena<Tick>> opened;
    struct Waker {  // when exit() has destroyed the others: the thread goes on in them
      ~Waker() {
        opened->evict_consumer("risk");
        std::this_thread::sleep_for(20ms);
      }
    };
    static const Waker waker;
    static std::optional<Writer<Tick>> own;
    static WaitSet set;
    opened.emplace(Arena<Tick>::open(name_));
    own.emplace(opened->writer());
    set.add(*own);
    fill(*own);
    std::thread([] { set.wait_for(hours::max()); }).detach();
    std::this_thread::sleep_for(5ms);  // so that it mostly waits
    std::exit(3);
    return 0;
  });
  EXPECT_EQ(child.end(), "exit 3");
}

}  // namespace
}  // namespace arena_shm
