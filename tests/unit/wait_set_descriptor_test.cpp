// The descriptor of a set of readers; forked children, exit, and a kernel without futex_waitv.
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
#include "arena_shm/wait_set.hpp"
#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"
#include "unit/wait_set_fixture.hpp"

namespace arena_shm {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::Child;
using test::TempName;

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
    static std::deque<RingOfNumbers> opened;
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
      opened.push_back(RingOfNumbers::open(name));
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
    std::vector<RingOfNumbers> opened;
    WaitSet set;
    for (const auto& name : names_) {
      opened.push_back(RingOfNumbers::open(name));
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
