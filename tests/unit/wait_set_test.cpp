// Waiting for several readers at once.
#include "arena_shm/wait_set.hpp"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/core/doorbell.hpp"
#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::Child;
using test::TempName;

constexpr int kForever = -1;  // for poll: CTest's limit ends a test that fails

using Indices = std::vector<std::size_t>;
using Numbers = Arena<std::uint64_t>;

/// So many rings, a reader of each, and all of them in a set.
class WaitSetTest : public ::testing::Test {
 protected:
  void make(std::size_t count, const ReaderOptions& options = {}) {
    for (std::size_t i = 0; i < count; ++i) {
      arenas_.push_back(Numbers::create(names_.emplace_back(), {.slots = 8, .seats = 2}));
      readers_.push_back(arenas_.back().reader(From::oldest, options));
    }
    for (auto& reader : readers_) set_.add(reader);
  }
  Indices ready() const { return {set_.ready().begin(), set_.ready().end()}; }
  bool is_readable(int fd, int timeout_ms) {
    pollfd events{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&events, 1, timeout_ms) == 1;
  }
  /// Takes all that is there.
  std::uint64_t drain() {
    std::uint64_t count = 0;
    while (set_.wait_for(milliseconds(0))) {
      for (auto& reader : readers_) {
        while (reader.next()) ++count;
      }
    }
    return count;
  }

  std::deque<TempName> names_;
  std::vector<Numbers> arenas_;
  std::vector<Reader<std::uint64_t>> readers_;
  WaitSet set_;
};

TEST_F(WaitSetTest, WithoutReadersThereIsNothing) {
  EXPECT_FALSE(set_.wait_for(milliseconds(0)));
  EXPECT_FALSE(set_.wait_for(milliseconds(3)));
  EXPECT_TRUE(set_.ready().empty());
}

TEST_F(WaitSetTest, SaysWhichHaveSomething) {
  make(4);
  EXPECT_FALSE(set_.wait_for(milliseconds(0)));
  arenas_[1].alloc(5);
  arenas_[3].alloc(6);
  EXPECT_TRUE(set_.wait_for(hours::max()));
  EXPECT_EQ(ready(), Indices({1, 3}));
  EXPECT_TRUE(set_.is_ready(readers_[3]));
  EXPECT_FALSE(set_.is_ready(readers_[2]));
  EXPECT_EQ(readers_[1].next()->value, 5U);
  EXPECT_TRUE(set_.wait_for(milliseconds(-1)));
  EXPECT_EQ(ready(), Indices({3}));
  EXPECT_EQ(readers_[3].next()->value, 6U);
  EXPECT_FALSE(set_.wait_for(milliseconds(2)));
  EXPECT_TRUE(set_.ready().empty());
}

TEST_F(WaitSetTest, TakesReadersOfOtherTypes) {
  make(1);
  const TempName name;
  auto raw = RawArena::create(name, {"", 3, 1, ""}, {.slots = 4});
  auto reader = raw.reader(From::oldest);
  set_.add(reader);
  raw.alloc(std::array<std::byte, 3>{});
  EXPECT_TRUE(set_.wait_for(hours(1)));
  EXPECT_TRUE(set_.is_ready(reader));
  EXPECT_FALSE(set_.is_ready(readers_[0]));
}

/// One that sleeps is woken by each of them in turn. How many there are decides how it sleeps.
class WaitSetOf : public WaitSetTest, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(WaitSetOf, EachOfThemWakes) {
  make(GetParam());
  const std::size_t step = std::max<std::size_t>(1, readers_.size() / 5);
  for (std::size_t i = 0; i < readers_.size(); i += step) {
    std::thread writer([&] {
      std::this_thread::sleep_for(milliseconds(3));  // so that it mostly sleeps
      arenas_[i].alloc(i);
    });
    EXPECT_TRUE(set_.wait_for(hours::max()));
    writer.join();
    EXPECT_EQ(ready(), Indices({i}));
    EXPECT_EQ(readers_[i].next()->value, i);
  }
}

INSTANTIATE_TEST_SUITE_P(Rings, WaitSetOf, ::testing::Values(1, 2, 128, 140),
                         [](const auto& count) { return std::to_string(count.param); });

TEST_F(WaitSetTest, BeforeItSleepsEachBellIsToldOfIt) {
  make(3);
  std::deque<test::SegmentFile> files;
  for (const auto& name : names_) files.emplace_back(std::string_view(name));
  std::thread sleeper([&] { EXPECT_TRUE(set_.wait_for(hours::max())); });
  for (auto& file : files) {
    while ((file.doorbell().word & 1) == 0) std::this_thread::yield();  // for ever, if it is not
  }
  arenas_[1].alloc(1);
  sleeper.join();
  EXPECT_EQ(files[1].doorbell().word & 1, 0U) << "rung";
  EXPECT_EQ(files[2].doorbell().word & 1, 1U);
}

TEST_F(WaitSetTest, OneWithoutADoorbellIsLookedAt) {
  make(2, {.doorbell = false});
  std::thread writer([&] {
    std::this_thread::sleep_for(milliseconds(5));
    arenas_[1].alloc(1);
  });
  EXPECT_TRUE(set_.wait_for(hours(1)));
  writer.join();
  EXPECT_EQ(ready(), Indices({1}));
}

TEST_F(WaitSetTest, AValueThatDoesNotComeIsPassedOverInTime) {
  make(2, {.hold = milliseconds(20)});
  test::SegmentFile file(names_[0]);
  const auto writer = arenas_[0].writer();
  file.seat(writer.seat()).claim = core::claiming(0);
  file.head() += 1;
  arenas_[0].alloc(7);
  std::vector<Gap> gaps;
  readers_[0].on_gap([&](const Gap& gap) { gaps.push_back(gap); });
  EXPECT_TRUE(set_.wait_for(hours(1)));
  EXPECT_EQ(readers_[0].next()->value, 7U);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].cause, Loss::passed_over);
  file.seat(writer.seat()).claim = core::idle(0);
}

TEST_F(WaitSetTest, WhenTheTimeIsOverGapsAreReported) {
  make(2);
  test::SegmentFile file(names_[1]);
  file.head() += 3;
  std::uint64_t lost = 0;
  readers_[1].on_gap([&](const Gap& gap) { lost += gap.cause == Loss::hole ? gap.count() : 0; });
  EXPECT_FALSE(set_.wait_for(milliseconds(1)));
  EXPECT_EQ(lost, 3U);
}

TEST_F(WaitSetTest, AReaderIsInOneSetAndLeavesItWhenItGoes) {
  make(2);
  WaitSet other;
  EXPECT_EQ(test::code_of([&] { other.add(readers_[0]); }), Code::invalid_argument);
  set_.remove(readers_[0]);
  set_.remove(readers_[0]);
  other.add(readers_[0]);
  arenas_[1].alloc(1);
  EXPECT_TRUE(set_.wait_for(milliseconds(0)));
  EXPECT_EQ(ready(), Indices({0})) << "the second one has moved up";
  {
    auto short_lived = arenas_[0].reader(From::oldest);
    set_.add(short_lived);
    arenas_[0].alloc(1);
    EXPECT_TRUE(set_.wait_for(milliseconds(0)));
    auto moved = std::move(short_lived);
    EXPECT_TRUE(set_.is_ready(moved));
  }
  readers_.clear();
  EXPECT_FALSE(set_.wait_for(milliseconds(0)));
}

TEST_F(WaitSetTest, ReadersOutliveIt) {
  make(1);
  { const WaitSet gone = std::move(set_); }
  WaitSet next;
  next.add(readers_[0]);
  arenas_[0].alloc(1);
  EXPECT_TRUE(next.wait_for(milliseconds(0)));
  set_ = std::move(next);
  EXPECT_TRUE(set_.is_ready(readers_[0]));
}

TEST_F(WaitSetTest, TheDescriptorIsReadableWhenThereIsSomething) {
  make(3);
  const int fd = set_.fd();
  ASSERT_GT(fd, 2);
  EXPECT_EQ(set_.fd(), fd);
  EXPECT_TRUE(is_readable(fd, kForever)) << "nobody has looked yet";
  for (std::uint64_t round = 0; round < 50; ++round) {
    EXPECT_EQ(drain(), 0U);
    auto& arena = arenas_[round % 3];
    std::thread writer([&] {
      if (round % 2 == 0) std::this_thread::sleep_for(milliseconds(1));
      arena.alloc(round);
    });
    // It becomes readable without anything ten times a second, too.
    while (!set_.wait_for(milliseconds(0))) EXPECT_TRUE(is_readable(fd, kForever));
    writer.join();
    EXPECT_EQ(drain(), 1U);
  }
}

TEST_F(WaitSetTest, TheDescriptorIsNotReadableBeforeABellRings) {
  make(2);
  const int fd = set_.fd();
  if (!core::fence_all_writers()) GTEST_SKIP() << "without membarrier it is readable each millisecond";
  do {
    EXPECT_EQ(drain(), 0U);
  } while (is_readable(fd, 10));  // as it may be ten times a second, and for ever if nobody waits for a bell
  arenas_[0].alloc(1);
  EXPECT_TRUE(is_readable(fd, kForever));
  EXPECT_EQ(drain(), 1U);
}

TEST_F(WaitSetTest, WithADescriptorReadersStillComeAndGo) {
  make(2);
  const int fd = set_.fd();
  EXPECT_FALSE(set_.wait_for(milliseconds(0)));
  readers_.pop_back();
  arenas_.pop_back();  // unmapped, while the thread may sleep on its bell
  EXPECT_TRUE(is_readable(fd, kForever)) << "there are others now";
  EXPECT_FALSE(set_.wait_for(milliseconds(0)));
  arenas_[0].alloc(1);
  EXPECT_TRUE(is_readable(fd, kForever));
  EXPECT_EQ(drain(), 1U);
}

TEST_F(WaitSetTest, AForkedChildIsRefusedAndMayDestroyIt) {
  make(2);
  set_.fd();
  EXPECT_FALSE(set_.wait_for(milliseconds(0)));
  Child child([&] {
    const bool refused = test::code_of([&] { set_.wait_for(milliseconds(0)); }) == Code::forked;
    { const WaitSet gone = std::move(set_); }
    return refused ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
  arenas_[0].alloc(1);
  EXPECT_TRUE(set_.wait_for(milliseconds(0)));
}

TEST_F(WaitSetTest, AnEmptyOneIsRefusedInAForkedChildToo) {
  set_.fd();
  Child child([&] {
    const bool waits = test::code_of([&] { set_.wait_for(milliseconds(0)); }) == Code::forked;
    const bool tells = test::code_of([&] { set_.fd(); }) == Code::forked;
    return waits && tells ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

TEST_F(WaitSetTest, AStaticOneDoesNotHoldUpExit) {
  make(2);
  Child child([&] {
    static std::deque<Numbers> opened;
    struct Waker {  // when exit() has destroyed the set: the thread goes on in it
      ~Waker() {
        opened.front().alloc(1);
        std::this_thread::sleep_for(milliseconds(20));
      }
    };
    static const Waker waker;
    static std::deque<Reader<std::uint64_t>> own;
    static WaitSet set;
    for (const auto& name : names_) {
      opened.push_back(Numbers::open(name));
      set.add(own.emplace_back(opened.back().reader(From::oldest)));
    }
    set.fd();
    set.wait_for(milliseconds(0));
    std::thread([] { set.wait_for(hours::max()); }).detach();
    std::this_thread::sleep_for(milliseconds(5));  // so that it mostly waits
    std::exit(3);
    return 0;
  });
  EXPECT_EQ(child.end(), "exit 3");
}

/// From here on, this process has no futex_waitv.
bool refuse_waitv() {
  constexpr std::uint32_t kWaitv = 449;
  std::array<sock_filter, 4> code{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),  // seccomp_data.nr
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kWaitv, 0, 1),
                                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  const sock_fprog program{.len = code.size(), .filter = code.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(WaitSetTest, WithoutWaitvItLooksAgain) {
  make(3);
  Child child([&] {
    if (!refuse_waitv()) return 77;
    std::deque<Reader<std::uint64_t>> own;
    std::vector<Numbers> opened;
    WaitSet set;
    for (const auto& name : names_) {
      opened.push_back(Numbers::open(name));
      set.add(own.emplace_back(opened.back().reader(From::oldest)));
    }
    for (std::size_t i = 0; i < own.size(); ++i) {
      std::thread writer([&] {
        std::this_thread::sleep_for(milliseconds(2));
        opened[i].alloc(i);
      });
      const bool found = set.wait_for(hours(1)) && set.is_ready(own[i]) && own[i].next()->value == i;
      writer.join();
      if (!found) return 1;
    }
    const int fd = set.fd();
    if (set.wait_for(milliseconds(0))) return 2;
    opened[1].alloc(9);
    return is_readable(fd, kForever) && set.wait_for(milliseconds(0)) ? 0 : 3;
  });
  const std::string end = child.end();
  if (end == "exit 77") GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(end, "exit 0");
}

}  // namespace
}  // namespace arena_shm
