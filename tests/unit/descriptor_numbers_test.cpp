// Which numbers the library's descriptors have, seen after each of its system calls: never 0, 1 or 2.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "arena_shm/arena.hpp"
#include "arena_shm/core/system.hpp"
#include "core/text_file.hpp"
#include "support/child.hpp"
#include "support/temp_name.hpp"
#include "support/traced_child.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::TempName;
using test::TracedChild;

using Numbers = Arena<std::uint64_t>;
using View = ArenaView<std::uint64_t>;

constexpr unsigned kSubsets = 1U << 3;  // of {0, 1, 2}, as bits

void close_standard(unsigned subset) {
  for (int fd = 0; fd < 3; ++fd) {
    if ((subset >> fd & 1U) != 0) ::close(fd);
  }
}

std::string target_of(pid_t pid, int fd) {
  std::error_code error;
  const std::string link = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
  return std::filesystem::read_symlink(link, error).string();
}

/// The library opens no pipe; UBSan writes into one, to see whether a virtual table can be read.
bool is_the_sanitizers(const std::string& target) {
#if defined(ARENA_SHM_SANITIZED) && !defined(__SANITIZE_THREAD__)
  return target.starts_with("pipe:");
#else
  static_cast<void>(target);
  return false;
#endif
}

class DescriptorNumbersTest : public ::testing::Test {
 protected:
  /// Runs `body(name of an arena)` with each subset of the standard descriptors closed. What they were seen to be,
  /// after any of its system calls, that is neither what they were before nor the filling.
  std::set<std::string> seen_below_three(const std::function<int(const std::string&)>& body) {
    std::set<std::string> seen;
    for (unsigned subset = 1; subset < kSubsets; ++subset) {
      const TempName name;
      const auto arena = Numbers::create(name, {.slots = 8, .seats = 4});
      leave_a_dead_seat(name);
      TracedChild child([&] { close_standard(subset); }, [&] { return body(name.str()); });
      const int code = child.run([&](pid_t pid) {
        for (int fd = 0; fd < 3; ++fd) {
          if ((subset >> fd & 1U) == 0) continue;
          const std::string target = target_of(pid, fd);
          if (!target.empty() && target != "/" && !is_the_sanitizers(target)) seen.insert(target);
        }
      });
      if (code == TracedChild::kNotTraced) return {"ptrace is refused"};
      EXPECT_EQ(code, 0) << "closed: " << subset;
    }
    return seen;
  }

  static void leave_a_dead_seat(const TempName& name) {
    Child dead([&] {
      const auto writer = std::make_unique<Writer<std::uint64_t>>(Numbers::open(name).writer());
      ::_exit(0);
      return 0;
    });
    ASSERT_EQ(dead.end(), "exit 0");
  }
};

#if defined(ARENA_SHM_EMULATED)
#define SKIP_IF_EMULATED() GTEST_SKIP() << "qemu-user has no ptrace"
#else
#define SKIP_IF_EMULATED() static_cast<void>(0)
#endif

const std::set<std::string> kNone;

TEST_F(DescriptorNumbersTest, CreatingUsesNoStandardNumber) {
  SKIP_IF_EMULATED();
  const auto create = [](const std::string& name) {
    Numbers::create(name + ".new", {.slots = 8}).alloc(1);
    Numbers::open_or_create(name + ".newer", {.slots = 8}).alloc(1);
    return Numbers::remove(name + ".new") && Numbers::remove(name + ".newer") ? 0 : 1;
  };
  EXPECT_EQ(seen_below_three(create), kNone);
}

TEST_F(DescriptorNumbersTest, OpeningUsesNoStandardNumber) {
  SKIP_IF_EMULATED();
  const auto open = [](const std::string& name) {
    const auto arena = Numbers::open(name);
    const auto view = View::open(name);
    const auto same = Numbers::open_or_create(name, {.slots = 8, .seats = 4});
    arena.prefault();
    view.prefault();
    return arena.slots() == 8 && view.slots() == 8 && !same.retired() ? 0 : 1;
  };
  EXPECT_EQ(seen_below_three(open), kNone);
}

TEST_F(DescriptorNumbersTest, WritingUsesNoStandardNumber) {
  SKIP_IF_EMULATED();
  const auto write = [](const std::string& name) {
    auto arena = Numbers::open(name);
    auto writer = arena.writer();
    arena.alloc(1);
    writer.alloc(2);
    return arena.head() == 2 ? 0 : 1;
  };
  EXPECT_EQ(seen_below_three(write), kNone);
}

TEST_F(DescriptorNumbersTest, ReadingUsesNoStandardNumber) {
  SKIP_IF_EMULATED();
  const auto read = [](const std::string& name) {
    auto view = View::open(name);
    auto reader = view.reader(From::oldest);
    if (reader.wait_for(1ms)) return 1;  // sleeps: maps the doorbell
    Numbers::open(name).alloc(7);
    const auto entry = reader.next();
    return entry && entry->value == 7 ? 0 : 2;
  };
  EXPECT_EQ(seen_below_three(read), kNone);
}

TEST_F(DescriptorNumbersTest, RepairUsesNoStandardNumber) {
  SKIP_IF_EMULATED();
  const auto repair = [](const std::string& name) {
    return core::clear_dead_seat(*core::Segment::open(name, core::Access::read_write), 0) ? 0 : 1;
  };
  EXPECT_EQ(seen_below_three(repair), kNone);
}

TEST_F(DescriptorNumbersTest, FindingTheFileAgainUsesNoStandardNumber) {
  SKIP_IF_EMULATED();
  const auto lose = [](const std::string& name) {
    const auto segment = core::Segment::open(name, core::Access::read_write);
    ::close_range(3, ~0U, 0);
    if (segment->leases().test(0, 1) != core::LeaseState::free) return 1;
    ::close_range(3, ~0U, 0);
    const core::SeatHold hold(segment, "");
    return segment->leases().test(hold.index(), hold.session()) == core::LeaseState::held ? 0 : 2;
  };
  EXPECT_EQ(seen_below_three(lose), kNone);
}

TEST_F(DescriptorNumbersTest, ReadingTextUsesNoStandardNumber) {
  SKIP_IF_EMULATED();
  const auto read = [](const std::string&) {
    if (core::first_line_of("/proc/self/stat").value_or("").empty()) return 1;
    if (core::text_of("/proc/self/maps").value_or("").size() < 1000) return 2;
    if (core::names_in("/proc/self").empty() || !core::names_in("/nowhere").empty()) return 3;
    return core::text_of("/nowhere") || errno != ENOENT ? 4 : 0;
  };
  EXPECT_EQ(seen_below_three(read), kNone);
}

}  // namespace
}  // namespace arena_shm
