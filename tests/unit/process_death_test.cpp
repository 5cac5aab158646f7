// What proves that a process is dead, and what does not.
#include "core/process_death.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "core/proc_files.hpp"
#include "core/start_time.hpp"
#include "support/child.hpp"

namespace arena_shm::core {
namespace {

using test::Child;
using test::Gate;

constexpr std::uint64_t kNobodysPage = std::uint64_t{1} << 46;
constexpr int kNotPermitted = 77;

std::string stat_line(const std::string& command) {
  return "123 (" + command + ") Z 1 2 3 4 5 1028 7 8 9 10 11 12 13 14 15 16 3 19 987654 21 22\n";
}

TEST(TaskStatTest, ACommandMayHoldAnything) {
  for (const char* command : {"x", "a b", "))", ") R (", "a) R 1 2", "", "\n"}) {
    const auto stat = parse_stat(stat_line(command));
    ASSERT_TRUE(stat.has_value()) << command;
    EXPECT_EQ(stat->state, 'Z');
    EXPECT_EQ(stat->flags, 1028U);
    EXPECT_EQ(stat->threads, 3U);
    EXPECT_EQ(stat->start_time, 987654U);
  }
}

TEST(TaskStatTest, ACutTextIsNone) {
  const std::string whole = stat_line("cat");
  const std::size_t enough = whole.find("987654") + 7;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(parse_stat(whole.substr(0, length)).has_value(), length >= enough) << whole.substr(0, length);
  }
}

TEST(TaskStatTest, WordsThatAreNoNumbersAreNone) {
  for (const char* wrong : {"1 (x) S 1 2 3 4 5 -4 7 8 9 10 11 12 13 14 15 16 1 19 5 ",
                            "1 (x) S 1 2 3 4 5 4 7 8 9 10 11 12 13 14 15 16 x 19 5 ",
                            "1 (x) S 1 2 3 4 5 4 7 8 9 10 11 12 13 14 15 16 1 19 99999999999999999999 "})
    EXPECT_FALSE(parse_stat(wrong)) << wrong;
}

TEST(TaskStatTest, PastReturnAreThoseThatExitOrWereKilledButNotTheKernelsWorkers) {
  const auto past = [](std::uint64_t flags) { return TaskStat{.flags = flags}.is_past_return(); };
  EXPECT_FALSE(past(0));
  EXPECT_FALSE(past(0x40'0040));
  EXPECT_TRUE(past(0x4));
  EXPECT_TRUE(past(0x400));
  EXPECT_TRUE(past(0x40'0644));
  for (const std::uint64_t worker : {0x10U, 0x4000U, 0x4010U}) {
    EXPECT_FALSE(past(worker | 0x400)) << "it goes on for a while";
    EXPECT_TRUE(past(worker | 0x404));
  }
}

TEST(NumberedEntriesTest, AreAllNumbersAndTheEndIsToldFromAFailure) {
  NumberedEntries processes(ProcPath("/proc"));
  bool found = false;
  while (const auto pid = processes.next()) found = found || *pid == static_cast<std::uint64_t>(::getpid());
  EXPECT_TRUE(found);
  EXPECT_TRUE(processes.is_whole());
  NumberedEntries absent(ProcPath("/proc/0/task"));
  EXPECT_FALSE(absent.next());
  EXPECT_FALSE(absent.is_whole());
}

TEST(HasTextTest, FindsWhatLiesAcrossTwoParts) {
  char name[] = "/tmp/arena-shm-text-XXXXXX";
  const int fd = ::mkstemp(name);
  ASSERT_GE(fd, 0);
  for (std::size_t at : {0U, 4090U, 4159U, 4160U, 8200U, 12286U}) {
    const std::string text = std::string(at, '.') + "needle" + std::string(300, '.');
    ASSERT_EQ(::pwrite(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    ASSERT_EQ(::ftruncate(fd, static_cast<off_t>(text.size())), 0);
    EXPECT_EQ(has_text(ProcPath(name), "needle"), true) << at;
    EXPECT_EQ(has_text(ProcPath(name), "needles"), false) << at;
  }
  ::close(fd);
  ::unlink(name);
  EXPECT_EQ(has_text(ProcPath(name), "needle"), std::nullopt);
}

class ProcessDeathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (own_start_time() == 0) GTEST_SKIP() << "an emulator makes /proc/self/stat up";
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to see that nobody shares a memory";
    if (proc_view() != ProcView::whole) GTEST_SKIP() << "/proc does not tell here";
  }
  static Holder holder_of(pid_t pid) {
    const auto stat = read_stat(ProcPath("/proc/").add(static_cast<std::uint64_t>(pid)).add("/stat"));
    return {.pid = static_cast<std::uint32_t>(pid),
            .start_time = stat ? host_start_time(stat->start_time) : 0,
            .pid_namespace = own_pid_namespace(),
            .lease_page = kNobodysPage};
  }
  /// Any other process that just then is made, or ends, leaves it open who has the dead one's memory; its successors
  /// ask again as well. Ends with CTest's limit if it is never proved.
  static bool is_proved_dead_at_last(const Holder& holder) {
    while (!is_proved_dead(holder)) std::this_thread::yield();
    return true;
  }
  static Child zombie() {
    Child child([] { return 0; });
    child.become_zombie();
    return child;
  }
};

TEST_F(ProcessDeathTest, TheLivingAreNotDead) {
  EXPECT_FALSE(is_proved_dead(holder_of(::getpid())));
  const Gate go;
  Child child([&] {
    go.pass();
    return 0;
  });
  EXPECT_FALSE(is_proved_dead(holder_of(child.pid())));
  EXPECT_EQ(how_it_dies(holder_of(child.pid())), Dying::no);
  child.signal(SIGSTOP);
  ASSERT_EQ(child.stop_or_end(), "stopped");
  EXPECT_FALSE(is_proved_dead(holder_of(child.pid())));
}

TEST_F(ProcessDeathTest, AZombieIsDead) {
  const Child child = zombie();
  const Holder known = holder_of(child.pid());
  errno = EDOM;
  EXPECT_TRUE(is_proved_dead_at_last(known));
  EXPECT_EQ(errno, EDOM);
  while (how_it_dies(known) == Dying::no) std::this_thread::yield();
  EXPECT_EQ(how_it_dies(known), Dying::exiting);
}

TEST_F(ProcessDeathTest, WhatASeatDoesNotTellProvesNothing) {
  const Child child = zombie();
  const Holder known = holder_of(child.pid());
  const auto with = [&](auto&& change) {
    Holder changed = known;
    change(changed);
    return is_proved_dead(changed);
  };
  EXPECT_TRUE(is_proved_dead_at_last(known));
  EXPECT_FALSE(with([](Holder& holder) { holder.pid = 0; }));
  EXPECT_FALSE(with([](Holder& holder) { holder.pid = UINT_MAX; }));
  EXPECT_FALSE(with([](Holder& holder) { holder.start_time = 0; }));
  EXPECT_FALSE(with([](Holder& holder) { holder.start_time += 2; })) << "another process's";
  EXPECT_FALSE(with([](Holder& holder) { holder.pid_namespace = 0; }));
  EXPECT_FALSE(with([](Holder& holder) { holder.pid_namespace += 1; })) << "another one";
  EXPECT_FALSE(with([](Holder& holder) { holder.lease_page = 0; })) << "it had its parent's memory";
}

TEST_F(ProcessDeathTest, WhoseProcessIdIsNobodysIsLeftToItsLease) {
  Child child = zombie();
  const Holder known = holder_of(child.pid());
  child.end();
  EXPECT_FALSE(is_proved_dead(known));
}

TEST_F(ProcessDeathTest, WithProcHiddenOrAbsentOrOfAnotherNamespaceNothingIsProved) {
  const auto in_own_mounts = [](const char* type, const char* options) {
    Child child([&] {
      Child dead = zombie();
      const Holder known = holder_of(dead.pid());
      if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          ::mount("arena-shm-test", "/proc", type, 0, options) != 0)
        return kNotPermitted;
      if (is_proved_dead(known)) return 1;
      return 10 + static_cast<int>(proc_view());
    });
    return child.end();
  };
  const auto says = [](ProcView view) { return "exit " + std::to_string(10 + static_cast<int>(view)); };
  if (const std::string end = in_own_mounts("proc", "hidepid=2"); end != "exit 77") {
    EXPECT_EQ(end, says(ProcView::hides));
  }
  if (const std::string end = in_own_mounts("tmpfs", "size=4k"); end != "exit 77") {
    EXPECT_EQ(end, says(ProcView::absent));
  }
  Child outer([] {
    if (::unshare(CLONE_NEWPID) != 0) return kNotPermitted;
    const pid_t inner = ::fork();
    if (inner == 0) ::_exit(10 + static_cast<int>(proc_view()));
    int status = 0;
    return ::waitpid(inner, &status, 0) == inner ? WEXITSTATUS(status) : 1;
  });
  if (const std::string end = outer.end(); end != "exit 77") {
    EXPECT_EQ(end, says(ProcView::of_other_namespace));
  }
}

TEST_F(ProcessDeathTest, AForkedProcessOwnsItsMemoryAndOneThatHasItsParentsDoesNot) {
  EXPECT_TRUE(owns_its_memory());
  EXPECT_TRUE(owns_its_memory());
  Child child([] { return owns_its_memory() && owns_its_memory() ? 0 : 1; });
  EXPECT_EQ(child.end(), "exit 0");
  Child parent([] {
    if (!owns_its_memory()) return 1;
    alignas(64) static char stack[256 << 10];
    const pid_t sharer = ::clone([](void*) { return owns_its_memory() ? 1 : 0; }, stack + sizeof(stack),
                                 CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr);
    int status = -1;
    if (sharer < 0 || ::waitpid(sharer, &status, 0) != sharer || status != 0) return 2;
    return owns_its_memory() ? 0 : 3;
  });
  EXPECT_EQ(parent.end(), "exit 0");
}

}  // namespace
}  // namespace arena_shm::core
