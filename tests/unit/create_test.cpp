#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>

#include "arena_shm/arena.hpp"
#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/names_in_shm.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Child;
using test::code_of;
using test::names_in_shm;
using test::TempName;

using Numbers = Arena<std::uint64_t>;

TEST(CreateTest, MakesAnArenaThatSaysWhatItIs) {
  const TempName name;
  const auto arena = Numbers::create(name, {.slots = 7, .seats = 3});
  EXPECT_EQ(arena.name(), name.str());
  EXPECT_EQ(arena.slots(), 7U);
  EXPECT_EQ(arena.head(), 0U);
  EXPECT_FALSE(arena.retired());
  const Info& info = arena.info();
  EXPECT_EQ(info.record.name, "u64");
  EXPECT_EQ(info.record.size_bytes, 8U);
  EXPECT_EQ(info.record.align_bytes, 8U);
  EXPECT_EQ(info.seats, 3U);
  EXPECT_EQ(info.writers, Writers::shared);
  EXPECT_EQ(info.layout_version, 6U);
  EXPECT_EQ(info.creator_pid, static_cast<std::uint32_t>(::getpid()));
}

TEST(CreateTest, ALeadingSlashIsNoPartOfTheName) {
  const TempName name;
  const auto arena = Numbers::create("/" + name.str(), {.slots = 1});
  EXPECT_EQ(arena.name(), name.str());
  EXPECT_EQ(code_of([&] { Numbers::open(name); }), std::nullopt);
}

TEST(CreateTest, RefusesArgumentsOutOfTheirRange) {
  const TempName name;
  EXPECT_EQ(code_of([&] { Numbers::create(name, {}); }), Code::invalid_argument) << "slots = 0";
  EXPECT_EQ(code_of([&] { Numbers::create(name, {.slots = ~std::uint64_t{0}}); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { Numbers::create(name, {.slots = std::uint64_t{1} << 44}); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { Numbers::create(name, {.slots = 1, .seats = 0}); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { Numbers::create(name, {.slots = 1, .seats = 4097}); }), Code::invalid_argument);
  EXPECT_EQ(code_of([&] { Numbers::create(name, {.slots = 1, .mode = 01777}); }), Code::invalid_argument);
  Options impatient{.slots = 1, .full = Full::wait};
  impatient.patience = std::chrono::nanoseconds(-1);
  EXPECT_EQ(code_of([&] { Numbers::create(name, impatient); }), Code::invalid_argument);
  EXPECT_TRUE(names_in_shm(name).empty());
  EXPECT_EQ(code_of([&] { Numbers::create(name, {.slots = 1, .seats = 4096}); }), std::nullopt);
}

TEST(CreateTest, RefusesBadNames) {
  for (const std::string& bad :
       {std::string(), std::string("/"), std::string("a/b"), std::string("//a"), std::string("."), std::string(".."),
        std::string(".hidden"), std::string("-option"), std::string("a b"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("\x7f"), std::string("\xc3\xa4"), std::string(201, 'a')}) {
    EXPECT_EQ(code_of([&] { Numbers::create(bad, {.slots = 1}); }), Code::invalid_name) << "'" << bad << "'";
    EXPECT_EQ(code_of([&] { Numbers::open(bad); }), Code::invalid_name) << "'" << bad << "'";
    EXPECT_EQ(code_of([&] { Numbers::remove(bad); }), Code::invalid_name) << "'" << bad << "'";
  }
  const std::string longest = (TempName().str() + std::string(200, 'x')).substr(0, 200);
  EXPECT_EQ(code_of([&] { Numbers::create(longest, {.slots = 1}); }), std::nullopt);
  EXPECT_TRUE(Numbers::remove(longest));
}

TEST(CreateTest, ANameIsTakenOnce) {
  const TempName name;
  const auto arena = Numbers::create(name, {.slots = 7});
  EXPECT_EQ(code_of([&] { Numbers::create(name, {.slots = 9}); }), Code::already_exists);
  EXPECT_EQ(Numbers::open(name).slots(), 7U) << "and the one that is there stays as it is";
}

TEST(CreateTest, TheModeIsTheOneAskedForWhateverTheUmask) {
  for (const mode_t umask_bits : {0077U, 0777U, 0U}) {
    const mode_t before = ::umask(umask_bits);
    for (const unsigned mode : {0600U, 0644U, 0666U, 0444U}) {
      const TempName name;
      EXPECT_EQ(code_of([&] { Numbers::create(name, {.slots = 1, .mode = mode}); }), std::nullopt);
      struct stat status {};
      EXPECT_EQ(::stat(name.path().c_str(), &status), 0);
      EXPECT_EQ(status.st_mode & 07777U, mode);
    }
    ::umask(before);
  }
}

TEST(CreateTest, TheModeDefaultsToItsOwnersOnly) {
  const TempName name;
  const auto arena = Numbers::create(name, {.slots = 1});
  struct stat status {};
  ASSERT_EQ(::stat(name.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

// SIGXFSZ, which kills, is what a file beyond the limit gets: the child would not come to its exit.
TEST(CreateTest, AFileSizeLimitIsAnErrorAndLeavesNothing) {
  const TempName name;
  Child child([&] {
    const rlimit limit{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (code_of([&] { Numbers::create(name, {.slots = 1 << 20}); }) != Code::file_size_limit) return 1;
    return code_of([&] { Numbers::create(name, {.slots = 100}); }) == std::nullopt ? 0 : 2;
  });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(names_in_shm(name).size(), 1U) << "the one that fits";
}

TEST(CreateTest, MoreThanTheMemoryIsAnErrorAtOnce) {
  const TempName name;
  EXPECT_EQ(code_of([&] { Numbers::create(name, {.slots = std::uint64_t{1} << 42}); }), Code::no_space);
  EXPECT_TRUE(names_in_shm(name).empty());
}

TEST(CreateTest, AMappingThatFailsLeavesNothing) {
#if defined(ARENA_SHM_SANITIZED)
  GTEST_SKIP() << "sanitizers need more address space than the test leaves";
#endif
#if defined(ARENA_SHM_EMULATED)
  GTEST_SKIP() << "qemu-user takes RLIMIT_AS for itself";
#endif
  const TempName name;
  Child child([&] {
    const rlimit limit{64 << 20, 64 << 20};
    ::setrlimit(RLIMIT_AS, &limit);
    return code_of([&] { Numbers::create(name, {.slots = 4 << 20}); }) == Code::no_space ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_TRUE(names_in_shm(name).empty());
}

// In a mount namespace of its own, where /dev/shm has a few pages only.
TEST(CreateTest, AFullDirectoryIsAnErrorAndLeavesNothing) {
  Child child([&] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
    if (::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=65536") != 0) return 77;
    if (code_of([] { Numbers::create("full", {.slots = 100'000}); }) != Code::no_space) return 1;
    if (!names_in_shm("").empty()) return 2;
    Numbers::create("one", {.slots = 100});  // takes six pages of the sixteen
    Numbers::create("two", {.slots = 100});
    if (code_of([] { Numbers::create("three", {.slots = 100}); }) != Code::no_space) return 3;
    if (names_in_shm("").size() != 2) return 4;
    Numbers::remove("one");
    auto arena = Numbers::create("three", {.slots = 100});
    for (std::uint64_t i = 0; i < 1000; ++i) arena.alloc(i);  // no SIGBUS
    return 0;
  });
  const std::string end = child.end();
  if (end == "exit 77") GTEST_SKIP() << "needs the permission to mount";
  EXPECT_EQ(end, "exit 0");
}

// An interval timer interrupts the reserving of pages again and again: it must come to an end nevertheless.
TEST(CreateTest, TerminatesUnderAnIntervalTimer) {
  const TempName name;
  Child child([&] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, nullptr);
    const itimerval every{{0, 2000}, {0, 2000}};
    ::setitimer(ITIMER_REAL, &every, nullptr);
    return Numbers::create(name, {.slots = 16 << 20}).slots() == 16 << 20 ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

}  // namespace
}  // namespace arena_shm
