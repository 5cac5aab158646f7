// Where a process may find itself: a /dev/shm of a few pages, no /proc, another user than the one it began as, a
// process id that has been somebody else's, a control group that is frozen.
#include <gtest/gtest.h>
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

#include "arena_shm/arena.hpp"
#include "support/cgroup.hpp"
#include "support/child.hpp"
#include "support/filtered_calls.hpp"
#include "support/own_mounts.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Cgroup;
using test::Child;
using test::Gate;
using test::kNotPermitted;
using test::mount_tmpfs;
using test::with_own_mounts;

constexpr uid_t kNobody = 65534;

std::uint64_t free_pages_of_dev_shm() {
  struct statvfs space {};
  return ::statvfs("/dev/shm", &space) == 0 ? space.f_bfree : 0;
}

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

TEST(SurroundingsTest, AWriterWithoutMembarrierRingsForSleepersAndForNobodyElse) {
  for (const Writers writers : {Writers::shared, Writers::exclusive}) {
    const test::TempName name;
    const auto arena = Arena<std::uint64_t>::create(name, {.slots = 4, .writers = writers});
    Child child([&] {
      if (!test::refuse_membarrier()) return kNotPermitted;
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
    if (!test::refuse_membarrier()) return kNotPermitted;
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

}  // namespace
}  // namespace arena_shm
