// What an alloc must not do: call the system, or allocate memory.
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <new>
#include <span>
#include <string>

#include "arena_shm/arena.hpp"
#include "support/segment_file.hpp"
#include "support/stopped_writer.hpp"

namespace {

std::uint64_t allocations = 0;

}  // namespace

// Not inlined: to the compiler, malloc and operator delete are no pair.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace arena_shm {
namespace {

struct Record {
  std::uint64_t words[8];
};

constexpr int kTimes = 1'000'000;
constexpr int kAllocated = 3;

/// Runs `work` in a child process that the kernel kills at its first system call, but for the one that ends it.
/// Returns what waitpid says. `prepare` runs before, unwatched, and gives the work.
int run_without_system_calls(const std::function<std::function<void()>()>& prepare) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const std::function<void()> work = prepare();
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) ::_exit(77);
    const std::uint64_t before = allocations;
    work();
    ::syscall(SYS_exit, allocations == before ? 0 : kAllocated);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

class HotPathTest : public testing::Test {
 protected:
  void TearDown() override { Arena<Record>::remove(name_); }

  void expect_none(const std::function<std::function<void()>()>& prepare) {
    const int status = run_without_system_calls(prepare);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "seccomp is not permitted here";
    EXPECT_FALSE(WIFSIGNALED(status)) << "a system call: killed by signal " << WTERMSIG(status);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_NE(WEXITSTATUS(status), kAllocated) << "memory was allocated";
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }

  /// A million allocs of a Writer, after one.
  void expect_none_in_writer(Writers writers) {
    expect_none([&] {
      auto arena = Arena<Record>::create(name_, {.slots = 1000, .writers = writers});
      auto writer = std::make_shared<Writer<Record>>(arena.writer());
      writer->alloc(Record{});
      return [writer] {
        for (int i = 0; i < kTimes; ++i) writer->alloc(Record{});
      };
    });
  }

  std::string name_ = "arena-test-hot-path." + std::to_string(::getpid());
};

TEST_F(HotPathTest, TheCheckSeesASystemCall) {
  const int status = run_without_system_calls([] { return [] { ::syscall(SYS_getppid); }; });
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "seccomp is not permitted here";
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(HotPathTest, TheCheckSeesAnAllocation) {
  // Small enough to come out of memory that malloc has already.
  const int status = run_without_system_calls([] {
    return [] {
      void* volatile memory = ::operator new(16);
      ::operator delete(memory);
    };
  });
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "seccomp is not permitted here";
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kAllocated);
}

TEST_F(HotPathTest, SharedWriterNeitherCallsTheSystemNorAllocates) { expect_none_in_writer(Writers::shared); }

TEST_F(HotPathTest, ExclusiveWriterNeitherCallsTheSystemNorAllocates) { expect_none_in_writer(Writers::exclusive); }

TEST_F(HotPathTest, ArenaAllocNeitherCallsTheSystemNorAllocates) {
  expect_none([&] {
    auto arena = std::make_shared<Arena<Record>>(Arena<Record>::create(name_, {.slots = 1000}));
    for (int i = 0; i < 1000; ++i) arena->alloc(Record{});  // takes its seats, and finds that it is alone
    return [arena] {
      for (int i = 0; i < kTimes; ++i) arena->alloc(Record{});
    };
  });
}

// One who once had a reservation, and takes the lock as others do since.
TEST_F(HotPathTest, TakingTurnsNeitherCallsTheSystemNorAllocates) {
  expect_none([&] {
    auto arena = std::make_shared<Arena<Record>>(Arena<Record>::create(name_, {.slots = 1000}));
    auto other = std::make_shared<Arena<Record>>(Arena<Record>::open(name_));
    for (int i = 0; i < 1000; ++i) arena->alloc(Record{});
    other->alloc(Record{});  // takes the reservation back
    arena->alloc(Record{});
    return [arena, other] {
      for (int i = 0; i < 20; ++i) {  // too few for either to find that it is alone
        arena->alloc(Record{});
        other->alloc(Record{});
      }
    };
  });
}

TEST_F(HotPathTest, BatchesNeitherCallTheSystemNorAllocate) {
  expect_none([&] {
    auto arena = Arena<Record>::create(name_, {.slots = 1000});
    auto writer = std::make_shared<Writer<Record>>(arena.writer());
    return [writer] {
      const std::array<Record, 16> records{};
      for (int i = 0; i < kTimes / 16; ++i) writer->alloc(std::span<const Record>(records));
    };
  });
}

// One that has no memory to get must not stay inside of alloc.
TEST_F(HotPathTest, ASkipAllocatesNothing) {
  auto arena = Arena<std::uint64_t>::create(name_, {.slots = 4});
  test::SegmentFile file(name_);
  test::StoppedWriter stopped(arena, file);
  stopped.stop_in_slot();
  auto writer = arena.writer();
  const std::uint64_t before = allocations;
  for (int i = 0; i < 40; ++i) writer.alloc(1);
  const std::uint64_t after = allocations;
  EXPECT_EQ(after, before);
  EXPECT_GT(file.seat(writer.seat()).skipped, 0U);
}

TEST_F(HotPathTest, InPlaceNeitherCallsTheSystemNorAllocates) {
  expect_none([&] {
    auto arena = Arena<Record>::create(name_, {.slots = 1000});
    auto writer = std::make_shared<Writer<Record>>(arena.writer());
    return [writer] {
      for (std::uint64_t i = 0; i < kTimes; ++i) {
        writer->alloc_with([i](SlotWriter& slot) noexcept { slot.append(i); });
      }
    };
  });
}

TEST_F(HotPathTest, ReaderNeitherCallsTheSystemNorAllocates) {
  expect_none([&] {
    auto arena = Arena<Record>::create(name_, {.slots = 1000});
    auto writer = std::make_shared<Writer<Record>>(arena.writer());
    auto reader = std::make_shared<Reader<Record>>(arena.reader(From::oldest));
    return [writer, reader] {
      for (int i = 0; i < kTimes; ++i) {
        writer->alloc(Record{});
        if (!reader->next()) ::abort();
      }
      if (reader->next()) ::abort();  // caught up: that is no reason to call the system either
    };
  });
}

}  // namespace
}  // namespace arena_shm
