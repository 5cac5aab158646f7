// Where a process may find itself: a /dev/shm of a few pages, no /proc, another user than the one it began as, a
// process id that has been somebody else's, a control group that is frozen or has little memory.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/cgroup.hpp"
#include "support/child.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Cgroup;
using test::Child;
using test::Gate;

constexpr uid_t kNobody = 65534;
constexpr int kNotPermitted = 77;

/// Runs `body` in a child with a mount namespace of its own; "exit 77" where that is not permitted.
template <class Body>
Child with_own_mounts(Body body) {
  return Child([body] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      return kNotPermitted;
    return body();
  });
}

bool mount_tmpfs(const char* where, const char* options) {
  return ::mount("arena-shm-test", where, "tmpfs", 0, options) == 0;
}

std::uint64_t free_pages_of_dev_shm() {
  struct statvfs space {};
  return ::statvfs("/dev/shm", &space) == 0 ? space.f_bfree : 0;
}

/// Says where a check of a child failed, and ends it.
#define CHILD_CHECK(condition)                                            \
  if (!(condition)) {                                                     \
    std::fprintf(stderr, "line %d: %s is wrong\n", __LINE__, #condition); \
    return 1;                                                             \
  }                                                                       \
  static_cast<void>(0)

Code code_of_create(const std::string& name, std::size_t slots) {
  try {
    Arena<std::uint64_t>::create(name, {.slots = slots, .seats = 2});
  } catch (const Error& error) {
    return error.code();
  }
  return Code{};
}

TEST(SurroundingsTest, ADevShmOfAFewPagesIsAnErrorAtCreateAndNeverLater) {
  Child child = with_own_mounts([] {
    if (!mount_tmpfs("/dev/shm", "size=64k")) return kNotPermitted;
    const std::uint64_t all = free_pages_of_dev_shm();
    CHILD_CHECK(all == 16);
    CHILD_CHECK(code_of_create("large", 8192) == Code::no_space);
    CHILD_CHECK(std::filesystem::is_empty("/dev/shm"));
    CHILD_CHECK(free_pages_of_dev_shm() == all);

    auto arena = Arena<std::uint64_t>::create("small", {.slots = 512, .seats = 2});
    CHILD_CHECK(code_of_create("second", 2048) == Code::no_space);
    // Not a page is left for anybody, and the ring needs none.
    std::ofstream("/dev/shm/filler") << std::string(all * 4096, 'x');
    CHILD_CHECK(free_pages_of_dev_shm() == 0);
    auto writer = arena.writer();
    for (std::uint64_t i = 0; i < 5 * arena.slots(); ++i) writer.alloc(i);
    const auto view = ArenaView<std::uint64_t>::open("small");
    auto reader = view.reader(From::oldest);
    std::uint64_t expected = 4 * arena.slots();
    while (const auto entry = reader.next()) CHILD_CHECK(entry->value == expected++);
    CHILD_CHECK(expected == 5 * arena.slots());
    return 0;
  });
  const std::string end = child.end();
  if (end == "exit 77") GTEST_SKIP() << "may not mount";
  EXPECT_EQ(end, "exit 0");
}

// A tmpfs that is larger than the memory never says that it is full: the kernel kills processes instead, and not
// necessarily the one that asked. So this test tells a lie about the memory, and asks for little.
TEST(SurroundingsTest, MoreThanTheAvailableMemoryIsAnErrorBeforeAPageIsTouched) {
  Child child = with_own_mounts([] {
    if (!mount_tmpfs("/dev/shm", "size=16m") || !mount_tmpfs("/proc", "size=64k")) return kNotPermitted;
    std::ofstream("/proc/meminfo") << "MemTotal: 4096 kB\nMemAvailable: 1000 kB\nSwapFree: 24 kB\n";
    const std::uint64_t all = free_pages_of_dev_shm();
    CHILD_CHECK(code_of_create("large", 128 << 10) == Code::no_space);
    CHILD_CHECK(free_pages_of_dev_shm() == all);
    CHILD_CHECK(code_of_create("small", 8 << 10) == Code{});
    return 0;
  });
  const std::string end = child.end();
  if (end == "exit 77") GTEST_SKIP() << "may not mount";
  EXPECT_EQ(end, "exit 0");
}

TEST(SurroundingsTest, WithoutProcEverythingGoesOn) {
  Child child = with_own_mounts([] {
    if (!mount_tmpfs("/dev/shm", "size=1m") || !mount_tmpfs("/proc", "size=4k")) return kNotPermitted;
    CHILD_CHECK(::access("/proc/self", F_OK) != 0);
    auto arena = Arena<std::uint64_t>::create("ticks", {.slots = 4, .seats = 3});
    arena.alloc(7);
    Child victim([&] {
      auto own = Arena<std::uint64_t>::open("ticks");
      auto writer = own.writer();
      writer.alloc_with([](SlotWriter&) noexcept { ::raise(SIGKILL); });
      return 0;
    });
    CHILD_CHECK(victim.end() == "signal 9");
    CHILD_CHECK(arena.read(1).status == ReadStatus::hole);
    for (std::uint64_t i = 2; i < 14; ++i) CHILD_CHECK(arena.alloc(i).seq == i);
    auto writer = arena.writer();  // the dead one's seat, or the third
    CHILD_CHECK(writer.alloc(14).seq == 14);
    auto reader = ArenaView<std::uint64_t>::open("ticks").reader(From::oldest);
    CHILD_CHECK(reader.next()->value == 11);
    return 0;
  });
  const std::string end = child.end();
  if (end == "exit 77") GTEST_SKIP() << "may not mount";
  EXPECT_EQ(end, "exit 0");
}

TEST(SurroundingsTest, WhoBecomesAnotherUserKeepsWhatItHolds) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  const test::TempName name;
  auto kept = Arena<std::uint64_t>::create(name, {.slots = 4});
  Child child([&] {
    auto own = Arena<std::uint64_t>::open(name);
    auto writer = own.writer();
    own.alloc(0);
    if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) return kNotPermitted;
    CHILD_CHECK(writer.alloc(1).seq == 1);
    CHILD_CHECK(own.alloc(2).seq == 2);
    CHILD_CHECK(own.read(1).status == ReadStatus::ok);
    // What has to open the file is refused as for anybody, with an error.
    try {
      own.writer();
      return 2;
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.what());
      CHILD_CHECK(error.code() == Code::permission_denied);
    }
    return 0;
  });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(kept.head(), 3U);
}

TEST(SurroundingsTest, AProcessIdThatSomebodyElseHasNowProvesNothing) {
  const test::TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 4, .seats = 1});
  Child victim([&] {
    auto own = Arena<std::uint64_t>::open(name);
    auto writer = own.writer();
    // As if its id had been given to the test, which lives, after its death.
    const auto segment = core::Segment::open(name.str(), core::Access::read_write);
    segment->ring().seats[writer.seat()].pid.store(static_cast<std::uint32_t>(::getppid()));
    writer.alloc_with([](SlotWriter&) noexcept { ::raise(SIGKILL); });
    return 0;
  });
  EXPECT_EQ(victim.end(), "signal 9");
  EXPECT_EQ(arena.read(0).status, ReadStatus::hole);
  EXPECT_EQ(arena.writer().alloc(5).seq, 1U);  // the only seat
}

/// A way to stop processes that they cannot notice, and that no SIGCONT ends.
struct Freezer {
  static Freezer find() {
    for (const char* hierarchy : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      if (Cgroup group(hierarchy, "cgroup.freeze"); group)
        return {std::move(group), "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1"};
    }
    return {Cgroup("/sys/fs/cgroup/freezer", "freezer.state"),
            "freezer.state",
            "FROZEN",
            "THAWED",
            "freezer.state",
            "FROZEN"};
  }

  bool freeze() const { return group.write(control, frozen) && group.await(state, state_when_frozen); }
  bool thaw() const { return group.write(control, thawed); }

  Cgroup group;
  std::string control;
  std::string frozen;
  std::string thawed;
  std::string state;
  std::string state_when_frozen;
};

TEST(SurroundingsTest, AFrozenWriterIsAliveAndInNobodysWay) {
  const Freezer freezer = Freezer::find();
  if (!freezer.group) GTEST_SKIP() << "may not make a control group that can be frozen";
  const test::TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 4, .seats = 3});
  const Gate inside;
  const Gate go_on;
  Child victim([&] {
    auto own = Arena<std::uint64_t>::open(name);
    auto writer = own.writer();
    writer.alloc_with([&](SlotWriter& slot) noexcept {
      inside.open();
      go_on.pass();
      slot.append(std::uint64_t{77});
    });
    return 0;
  });
  inside.pass();
  ASSERT_TRUE(freezer.group.write("cgroup.procs", std::to_string(victim.pid())));
  ASSERT_TRUE(freezer.freeze());
  auto writer = arena.writer();
  for (std::uint64_t i = 0; i < 12; ++i) writer.alloc(i);
  EXPECT_EQ(arena.read(0).status, ReadStatus::pending);
  go_on.open();
  ASSERT_TRUE(freezer.thaw());
  EXPECT_EQ(victim.end(), "exit 0");
  const auto late = arena.read(0);
  ASSERT_EQ(late.status, ReadStatus::ok) << "its slot was left alone";
  EXPECT_EQ(*late, 77U);
  for (std::uint64_t i = 12; i < 24; ++i) writer.alloc(i);
  EXPECT_EQ(arena.read(0).status, ReadStatus::overwritten);
}

/// From now on, membarrier is refused to the calling process, as by the system call filter of a container.
bool refuse_membarrier() {
  std::array<sock_filter, 4> code{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
                                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  const sock_fprog program{code.size(), code.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
         ::syscall(SYS_membarrier, 0, 0, 0) == -1;
}

TEST(SurroundingsTest, AWriterWithoutMembarrierRingsForSleepersAndForNobodyElse) {
  for (const Writers writers : {Writers::shared, Writers::exclusive}) {
    const test::TempName name;
    const auto arena = Arena<std::uint64_t>::create(name, {.slots = 4, .writers = writers});
    Child child([&] {
      if (!refuse_membarrier()) return kNotPermitted;
      const auto own = Arena<std::uint64_t>::open(name);
      auto writer = own.writer();
      test::SegmentFile file(name);
      std::atomic<std::uint32_t>& word = file.doorbell().word;
      writer.alloc(1);
      CHILD_CHECK(word == 0);
      word = 1;
      writer.alloc(2);
      CHILD_CHECK(word == 2);
      writer.alloc(3);
      CHILD_CHECK(word == 2);
      return 0;
    });
    const std::string end = child.end();
    if (end == "exit 77") GTEST_SKIP() << "may not filter system calls";
    EXPECT_EQ(end, "exit 0");
  }
}

TEST(SurroundingsTest, AReaderWithoutMembarrierSleepsAndWakes) {
  const test::TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 4});
  auto writer = arena.writer();
  test::SegmentFile file(name);
  Child child([&] {
    if (!refuse_membarrier()) return kNotPermitted;
    const auto own = Arena<std::uint64_t>::open(name);
    auto reader = own.reader(From::oldest, {.hold = std::chrono::hours{1}});
    for (std::uint64_t i = 0; i < 3; ++i) {
      CHILD_CHECK(reader.wait_for(std::chrono::seconds{60}));
      const auto entry = reader.next();
      CHILD_CHECK(entry && entry->value == i);
    }
    return 0;
  });
  for (std::uint64_t i = 0; i < 3 && child.state() != 'Z'; ++i) {
    while ((file.doorbell().word & 1) == 0 && child.state() != 'Z') std::this_thread::yield();
    writer.alloc(i);
  }
  const std::string end = child.end();
  if (end == "exit 77") GTEST_SKIP() << "may not filter system calls";
  EXPECT_EQ(end, "exit 0");
}

/// The file of a control group that limits its memory, as it is called where groups can be made.
struct MemoryControl {
  static MemoryControl find() {
    for (const MemoryControl& control : {MemoryControl{"/sys/fs/cgroup", "memory.max"},
                                         MemoryControl{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}}) {
      if (Cgroup(control.hierarchy, control.limit)) return control;
    }
    return {};
  }

  std::string hierarchy;
  std::string limit;
};

constexpr const char* kSixteenMebibytes = "16777216";

/// Creates an arena in the group; the child says "exit 0" if it was refused with those figures, and lives.
Child refused_in(const Cgroup& group, const std::string& control, const std::string& name) {
  return Child([&, control, name] {
    if (!group.write("cgroup.procs", std::to_string(::getpid()))) return kNotPermitted;
    try {
      Arena<std::uint64_t>::create(name, {.slots = 8 << 20});  // 128 MiB
      return 2;
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.what());
      CHILD_CHECK(error.code() == Code::no_space);
      CHILD_CHECK(error.found().find(control + " of 16777216 bytes: ") != std::string::npos);
      CHILD_CHECK(error.remedy().find("raise that limit of the control group") == 0);
    }
    CHILD_CHECK(code_of_create(name, 64 << 10) == Code{});  // 1 MiB
    return 0;
  });
}

TEST(SurroundingsTest, ALimitOfMemoryIsAnErrorAtCreateAndKillsNobody) {
  const MemoryControl memory = MemoryControl::find();
  if (memory.limit.empty()) GTEST_SKIP() << "may not make a control group with a memory limit";
  const Cgroup group(memory.hierarchy, memory.limit);
  ASSERT_TRUE(group.write(memory.limit, kSixteenMebibytes));
  const test::TempName name;
  EXPECT_EQ(refused_in(group, group.path() + '/' + memory.limit, name.str()).end(), "exit 0");
}

TEST(SurroundingsTest, TheLimitOfAnAncestorCountsToo) {
  const MemoryControl memory = MemoryControl::find();
  if (memory.limit.empty()) GTEST_SKIP() << "may not make a control group with a memory limit";
  const Cgroup outer(memory.hierarchy, memory.limit);
  outer.write("cgroup.subtree_control", "+memory");  // version 2 only
  const Cgroup inner(outer.path(), memory.limit);
  ASSERT_TRUE(inner);
  ASSERT_TRUE(outer.write(memory.limit, kSixteenMebibytes));
  const test::TempName name;
  EXPECT_EQ(refused_in(inner, outer.path() + '/' + memory.limit, name.str()).end(), "exit 0");
}

// Each finds enough room when it begins; together they want twice as much as there is.
TEST(SurroundingsTest, CreatorsAtTheSameTimeInOneGroupAreNotKilled) {
  const MemoryControl memory = MemoryControl::find();
  if (memory.limit.empty()) GTEST_SKIP() << "may not make a control group with a memory limit";
  const Cgroup group(memory.hierarchy, memory.limit);
  ASSERT_TRUE(group.write(memory.limit, "134217728"));
  const std::array<test::TempName, 4> names;
  std::vector<Child> children;
  const Gate begin;
  for (const test::TempName& name : names) {
    children.emplace_back([&] {
      if (!group.write("cgroup.procs", std::to_string(::getpid()))) return kNotPermitted;
      begin.pass();
      const Code code = code_of_create(name.str(), 4 << 20);  // 64 MiB
      return code == Code{} || code == Code::no_space ? 0 : 1;
    });
  }
  for (std::size_t i = 0; i < children.size(); ++i) begin.open();
  for (Child& child : children) EXPECT_EQ(child.end(), "exit 0");
}

}  // namespace
}  // namespace arena_shm
