// With standard descriptors closed: whoever still writes to them never writes into a segment, for no descriptor of the
// library's is ever 0, 1 or 2. What fills them meanwhile can be neither read nor written.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>

#include "arena_shm/arena.hpp"
#include "arena_shm/core/system.hpp"
#include "support/child.hpp"
#include "support/temp_name.hpp"
#include "support/traced_child.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::Child;
using test::Gate;
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

#if defined(ARENA_SHM_EMULATED)
#define SKIP_IF_EMULATED() GTEST_SKIP() << "qemu-user has no ptrace"
#else
#define SKIP_IF_EMULATED() static_cast<void>(0)
#endif

bool is_closed(int fd) { return ::fcntl(fd, F_GETFD) < 0 && errno == EBADF; }

// Another thread's log lines, all the while: they fail, or what they go to is no segment.
TEST(DescriptorTest, LogLinesToClosedDescriptorsNeverLandInASegment) {
  for (unsigned subset = 1; subset < kSubsets; ++subset) {
    const TempName name;
    Child child([&] {
      auto arena = Numbers::create(name, {.slots = 16, .seats = 8});
      ::signal(SIGPIPE, SIG_IGN);  // UBSan looks at memory by a pipe, which has these numbers for a moment
      close_standard(subset);
      std::atomic<bool> over{false};
      std::thread logger([&] {
        while (!over.load(std::memory_order_relaxed)) {
          for (int fd = 0; fd < 3; ++fd) {
            if ((subset >> fd & 1U) != 0) ::syscall(SYS_write, fd, "LOG LINE", 8);
          }
        }
      });
      for (int i = 0; i < 300; ++i) {
        auto writer = arena.writer();
        writer.alloc(1);
        auto other = Numbers::open(name);
        other.alloc(2);
        auto reader = View::open(name).reader(From::oldest);
        while (reader.next()) {
        }
        reader.wait_for(0ns);
      }
      over.store(true);
      logger.join();
      return 0;
    });
    EXPECT_EQ(child.end(), "exit 0") << "closed: " << subset;
    std::ifstream file(name.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(bytes.find("LOG LINE"), std::string::npos) << "closed: " << subset;
    EXPECT_EQ(View::open(name).head(), 600U);
  }
}

// It may rely on the number that open gives it.
TEST(DescriptorTest, StayClosedInAProgramOfOneThread) {
  constexpr int kHasThreads = 77;
  for (unsigned subset = 1; subset < kSubsets; ++subset) {
    const TempName name;
    Child child([&] {
      close_standard(subset);
      auto arena = Numbers::create(name, {.slots = 16});
      arena.writer().alloc(1);
      for (int fd = 0; fd < 3; ++fd) {
        if (is_closed(fd) != ((subset >> fd & 1U) != 0)) return __libc_single_threaded != 0 ? fd + 1 : kHasThreads;
      }
      return 0;
    });
    const std::string end = child.end();
    if (end == "exit " + std::to_string(kHasThreads)) GTEST_SKIP() << "the sanitizer has threads";
    EXPECT_EQ(end, "exit 0") << "closed: " << subset;
  }
}

// Nobody can tell whether what is there by now is still the filling, or what another thread has put there by dup2.
TEST(DescriptorTest, StayFilledBesideOtherThreads) {
  const TempName name;
  const Gate over;
  Child child([&] {
    const int spare = ::dup(1);
    std::thread other([&] { over.pass(); });
    ::close(2);
    auto arena = Numbers::create(name, {.slots = 16});
    int wrong = 0;
    if (::syscall(SYS_write, 2, "x", 1) != -1 || errno != EBADF) wrong = 1;
    if (is_closed(2)) wrong = 2;
    if (::dup2(spare, 2) != 2) wrong = 3;
    arena.writer().alloc(1);
    if (::fcntl(2, F_GETFL) < 0 || (::fcntl(2, F_GETFL) & O_PATH) != 0) wrong = 4;
    over.open();
    other.join();
    return wrong;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

// The gap that no call closes: another thread closes a number right before the open, and a third one logs right after.
TEST(DescriptorTest, ALineWrittenInTheGapIsCutOffAgain) {
  SKIP_IF_EMULATED();
  enum Order : int { nothing, close_it, log_to_it };
  const test::Shared<std::atomic<int>> order;
  const test::Shared<std::atomic<int>> logged;
  const auto tell = [&](Order what) {
    order->store(what);
    while (order->load() != nothing) std::this_thread::yield();
  };
  const TempName name;
  const TempName made;
  const auto arena = Numbers::create(name, {.slots = 8, .seats = 4});
  std::optional<std::thread> other;
  const auto obey = [&] {
    for (;;) {
      const int what = order->load();
      if (what == close_it) ::syscall(SYS_close, 2);
      if (what == log_to_it && ::syscall(SYS_write, 2, "LOG LINE", 8) == 8) logged->fetch_add(1);
      if (what != nothing) order->store(nothing);
      std::this_thread::yield();
    }
  };
  TracedChild child([&] { other.emplace(obey); },
                    [&] {
                      auto mine = Numbers::open(name);
                      mine.writer().alloc(1);
                      mine.alloc(2);
                      Numbers::create(made, {.slots = 8}).alloc(3);
                      return 0;
                    });
  bool inside = false;
  const int code = child.run([&](pid_t pid) {
    __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0) return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_openat &&
        (info.entry.args[2] & O_ACCMODE) == O_RDWR) {
      tell(close_it);
      inside = true;
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && inside) {
      inside = false;
      tell(log_to_it);
    }
  });
  if (code == TracedChild::kNotTraced) GTEST_SKIP() << "ptrace is refused";
  EXPECT_EQ(code, 0);
  EXPECT_GE(logged->load(), 4) << "lines that went somewhere";
  EXPECT_EQ(View::open(name).head(), 2U);
  EXPECT_EQ(View::open(made).head(), 1U);
  for (const TempName* each : {&name, &made}) {
    std::ifstream file(each->path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(bytes.find("LOG LINE"), std::string::npos);
  }
}

TEST(DescriptorTest, TheFillingCanBeNeitherReadNorWritten) {
  Child child([] {
    const int spare = ::dup(1);
    close_standard(7);
    if (!core::fill_standard_descriptors()) return 1;
    char byte = 0;
    for (int fd = 0; fd < 3; ++fd) {
      if (is_closed(fd)) return 2;
      if (::write(fd, "x", 1) != -1 || errno != EBADF) return 3;
      if (::read(fd, &byte, 1) != -1 || errno != EBADF) return 4;
      if ((::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) return 5;
    }
    return ::dup2(spare, 1) == 1 ? 0 : 6;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

TEST(DescriptorTest, OpeningFailsAsOpenDoes) {
  errno = 0;
  EXPECT_EQ(core::open_above_standard("/nowhere", O_RDONLY), -1);
  EXPECT_EQ(errno, ENOENT);
  errno = 0;
  EXPECT_EQ(core::duplicate_above_standard(-1), -1);
  EXPECT_EQ(errno, EBADF);
  const core::Descriptor file(core::open_above_standard("/dev/null", O_RDONLY));
  ASSERT_GE(file.get(), 3);
  EXPECT_NE(::fcntl(file.get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace arena_shm
