// Attaching as another user, and from another pid namespace.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "arena_shm/arena.hpp"
#include "interprocess/peer.hpp"
#include "support/child.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Child;
using test::Peer;

constexpr uid_t kNobody = 65534;

bool become_nobody() { return ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0; }

TEST(AttachTest, AnotherUserReadsAtMode0444) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  const test::TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 4, .mode = 0444});
  arena.alloc(5);
  Peer peer({"look", name.str()}, become_nobody);
  EXPECT_EQ(peer.output(), "uid 65534: ok 1 0\n");
  EXPECT_EQ(peer.end(), "exit 0");
}

TEST(AttachTest, AnotherUserIsRefusedAtMode0600) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  const test::TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 4});
  Peer peer({"look", name.str()}, become_nobody);
  EXPECT_EQ(peer.output(), "permission_denied\n");
  EXPECT_EQ(peer.end(), "exit 1");
}

/// Runs `body` as pid 1 of a new pid namespace; it dies with the child that this returns. "exit 77" where that is not
/// permitted.
template <class Body>
Child as_pid_one(Body body) {
  return Child([body] {
    if (::unshare(CLONE_NEWPID) != 0) return 77;
    const pid_t inner = ::fork();
    if (inner == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::_exit(::getpid() == 1 ? body() : 76);
    }
    int status = 0;
    ::waitpid(inner, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 75;
  });
}

/// Two processes that are both pid 1 of their namespaces: the living is not taken for dead, nor the dead for alive.
TEST(AttachTest, PidNamespacesDoNotConfuseTheLivingAndTheDead) {
  if (as_pid_one([] { return 0; }).end() == "exit 77") GTEST_SKIP() << "may not make a pid namespace";
  const test::TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 4, .seats = 3});
  const test::Gate inside;
  Child holder = as_pid_one([&] {
    auto own = Arena<std::uint64_t>::open(name);
    auto writer = own.writer("first pid 1");
    writer.alloc_with([&](SlotWriter&) noexcept {
      inside.open();
      for (;;) ::pause();
    });
    return 0;
  });
  inside.pass();
  EXPECT_EQ(arena.read(0).status, ReadStatus::pending);

  Child other = as_pid_one([&] {
    auto own = Arena<std::uint64_t>::open(name);
    auto writer = own.writer("second pid 1");
    for (std::uint64_t i = 0; i < 12; ++i) writer.alloc(i);
    return own.read(0).status == ReadStatus::pending ? 0 : 1;  // its slot was left alone for three laps
  });
  EXPECT_EQ(other.end(), "exit 0");
  EXPECT_EQ(arena.read(0).status, ReadStatus::pending);

  holder.kill_and_reap();
  for (int look = 0; arena.read(0).status == ReadStatus::pending && look < 1000; ++look)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // its child dies with it, a little later
  EXPECT_EQ(arena.read(0).status, ReadStatus::hole);
}

TEST(AttachTest, AZombieIsDead) {
  const test::TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 4, .seats = 1});
  Child child([&] {
    auto own = Arena<std::uint64_t>::open(name);
    auto writer = own.writer();
    writer.alloc_with([](SlotWriter&) noexcept { ::raise(SIGKILL); });
    return 0;
  });
  child.become_zombie();
  EXPECT_EQ(arena.read(0).status, ReadStatus::hole);
  EXPECT_EQ(arena.writer().alloc(3).seq, 1U);  // the only seat
}

}  // namespace
}  // namespace arena_shm
