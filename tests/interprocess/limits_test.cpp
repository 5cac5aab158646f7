// Limits that a process runs into: what it is told, and that it lives.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/arena.hpp"
#include "core/text_file.hpp"
#include "core/text_numbers.hpp"
#include "support/cgroup.hpp"
#include "support/child.hpp"
#include "support/own_mounts.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Cgroup;
using test::Child;
using test::Gate;
using test::kNotPermitted;
using test::mount_tmpfs;
using test::with_own_mounts;

using Numbers = Arena<std::uint64_t>;

constexpr uid_t kNobody = 65534;
constexpr std::size_t kMany = 1 << 20;  // 16 MiB

Code code_of_create(const std::string& name, std::size_t slots) {
  try {
    Numbers::create(name, {.slots = slots, .seats = 2});
  } catch (const Error& error) {
    return error.code();
  }
  return Code{};
}

/// Is the error of that code, and does it name that cause and that remedy?
template <class Action>
bool tells(Code code, std::string_view cause, std::string_view remedy, Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    const bool is_right = error.code() == code && error.found().find(cause) != std::string::npos &&
                          error.remedy().find(remedy) != std::string::npos;
    if (!is_right) std::fprintf(stderr, "%s: %s\n", std::string(to_string(error.code())).c_str(), error.what());
    return is_right;
  }
  std::fprintf(stderr, "no error\n");
  return false;
}

void expect_end(Child child) {
  const std::string end = child.end();
  if (end == "exit 77") GTEST_SKIP() << "not permitted here";
  EXPECT_EQ(end, "exit 0");
}

TEST(LimitsTest, WithoutTheDirectoryItsAbsenceIsTheCause) {
  expect_end(with_own_mounts([] {
    if (!mount_tmpfs("/dev", "size=64k")) return kNotPermitted;
    constexpr const char* kCause = "no directory /dev/shm";
    constexpr const char* kRemedy = "mount -t tmpfs tmpfs /dev/shm";
    CHILD_CHECK(tells(Code::unsupported, kCause, kRemedy, [] { Numbers::create("a", {.slots = 1}); }));
    CHILD_CHECK(tells(Code::unsupported, kCause, kRemedy, [] { Numbers::open("a"); }));
    CHILD_CHECK(tells(Code::unsupported, kCause, kRemedy, [] { ArenaView<std::uint64_t>::open("a"); }));
    CHILD_CHECK(tells(Code::unsupported, kCause, kRemedy, [] { Numbers::open_or_create("a", {.slots = 1}); }));
    return 0;
  }));
}

TEST(LimitsTest, AReadOnlyDirectoryIsTheCauseAndReadingGoesOn) {
  expect_end(with_own_mounts([] {
    if (!mount_tmpfs("/dev/shm", "size=1m")) return kNotPermitted;
    Numbers::create("a", {.slots = 1}).alloc(7);
    if (!mount_tmpfs("/dev/shm", "size=1m", MS_REMOUNT | MS_RDONLY)) return kNotPermitted;
    constexpr const char* kCause = "/dev/shm mounted read-only";
    constexpr const char* kRemedy = "mount -o remount,rw /dev/shm";
    CHILD_CHECK(tells(Code::permission_denied, kCause, kRemedy, [] { Numbers::create("b", {.slots = 1}); }));
    CHILD_CHECK(tells(Code::permission_denied, kCause, kRemedy, [] { Numbers::open("a"); }));
    CHILD_CHECK(tells(Code::permission_denied, kCause, "or open it read-only", [] { Numbers::open("a"); }));
    CHILD_CHECK(tells(Code::permission_denied, kCause, kRemedy, [] { Numbers::remove("a"); }));
    CHILD_CHECK(*ArenaView<std::uint64_t>::open("a").read(0) == 7);
    return 0;
  }));
}

TEST(LimitsTest, NoMoreFilesIsNotNoMoreRoom) {
  expect_end(with_own_mounts([] {
    if (!mount_tmpfs("/dev/shm", "size=1m,nr_inodes=2")) return kNotPermitted;
    const auto arena = Numbers::create("a", {.slots = 1});
    CHILD_CHECK(
        tells(Code::no_space, "no space for one more file", "nr_inodes", [] { Numbers::create("b", {.slots = 1}); }));
    return 0;
  }));
}

TEST(LimitsTest, ADirectoryThatMayNotBeWrittenIsTheCause) {
  expect_end(with_own_mounts([] {
    if (!mount_tmpfs("/dev/shm", "size=1m,mode=755")) return kNotPermitted;
    const auto arena = Numbers::create("a", {.slots = 1, .mode = 0644});
    if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) return kNotPermitted;
    CHILD_CHECK(tells(Code::permission_denied, "no permission for the directory /dev/shm", "chmod 1777 /dev/shm",
                      [] { Numbers::create("b", {.slots = 1}); }));
    CHILD_CHECK(
        tells(Code::permission_denied, "no permission to write it", "open it read-only", [] { Numbers::open("a"); }));
    CHILD_CHECK(
        tells(Code::permission_denied, "no permission to remove it", "ask its owner", [] { Numbers::remove("a"); }));
    return 0;
  }));
}

TEST(LimitsTest, MemoryThatIsLockedAndALimitOfItAreTheCause) {
  const test::TempName name;
  const test::TempName small;
  Numbers::create(name, {.slots = kMany, .mode = 0666});
  expect_end(Child([&] {
    const rlimit limit{1 << 20, 1 << 20};
    if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)
      return kNotPermitted;
    if (::mlockall(MCL_FUTURE) != 0) return kNotPermitted;
    CHILD_CHECK(tells(Code::no_space, "a limit of 1048576 locked bytes", "ulimit -l", [&] { Numbers::open(name); }));
    CHILD_CHECK(tells(Code::no_space, "mlockall", "ulimit -l", [&] { Numbers::create(small, {.slots = kMany}); }));
    return 0;
  }));
}

TEST(LimitsTest, ALimitOfAddressSpaceIsTheCause) {
  const test::TempName name;
  expect_end(Child([&] {
    const rlimit limit{64 << 20, 64 << 20};
    ::setrlimit(RLIMIT_AS, &limit);
    CHILD_CHECK(tells(Code::no_space, "a limit of 67108864 bytes of address space", "ulimit -v",
                      [&] { Numbers::create(name, {.slots = 4 << 20}); }));
    return 0;
  }));
}

TEST(LimitsTest, TooManyMappingsAreTheCause) {
  const auto most = core::leading_number(core::text_of("/proc/sys/vm/max_map_count").value_or("")).value_or(0);
  if (most == 0 || most > 300'000) GTEST_SKIP() << "as many mappings as that take too long to make";
  const test::TempName name;
  const auto arena = Numbers::create(name, {.slots = 1});
  expect_end(Child([&] {
    for (int protection = PROT_NONE;; protection ^= PROT_READ) {  // alternately, or neighbours would become one
      if (::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) break;
    }
    CHILD_CHECK(tells(Code::no_space, " mappings, the most", "vm.max_map_count", [&] { Numbers::open(name); }));
    return 0;
  }));
}

TEST(LimitsTest, NoFreeDescriptorIsTheCauseWhateverIsDone) {
  const test::TempName name;
  const test::TempName other;
  const auto arena = Numbers::create(name, {.slots = 4});
  expect_end(Child([&] {
    auto own = Numbers::open(name);
    while (::dup(0) >= 0) continue;
    constexpr const char* kCause = "no free descriptor in this process";
    CHILD_CHECK(tells(Code::system, kCause, "ulimit -n", [&] { Numbers::open(name); }));
    CHILD_CHECK(tells(Code::system, kCause, "ulimit -n", [&] { ArenaView<std::uint64_t>::open(name); }));
    CHILD_CHECK(tells(Code::system, kCause, "ulimit -n", [&] { Numbers::create(other, {.slots = 1}); }));
    CHILD_CHECK(tells(Code::system, kCause, "ulimit -n", [&] { own.writer(); }));
    CHILD_CHECK(tells(Code::system, kCause, "ulimit -n", [&] { own.alloc(1); }));
    return 0;
  }));
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
      CHILD_CHECK(error.remedy().find("raise this limit of the control group") == 0);
    }
    CHILD_CHECK(code_of_create(name, 64 << 10) == Code{});  // 1 MiB
    return 0;
  });
}

TEST(LimitsTest, ALimitOfMemoryIsAnErrorAtCreateAndKillsNobody) {
  const MemoryControl memory = MemoryControl::find();
  if (memory.limit.empty()) GTEST_SKIP() << "may not make a control group with a memory limit";
  const Cgroup group(memory.hierarchy, memory.limit);
  ASSERT_TRUE(group.write(memory.limit, kSixteenMebibytes));
  const test::TempName name;
  EXPECT_EQ(refused_in(group, group.path() + '/' + memory.limit, name.str()).end(), "exit 0");
}

TEST(LimitsTest, TheLimitOfAnAncestorCountsToo) {
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
TEST(LimitsTest, CreatorsAtTheSameTimeInOneGroupAreNotKilled) {
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
