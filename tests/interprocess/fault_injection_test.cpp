// Each system call that can fail is made to fail: the error has to name the cause and a remedy that fits, and nothing
// may be left behind.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "failing_calls.hpp"
#include "inspect/processes.hpp"
#include "support/code_of.hpp"
#include "support/names_in_shm.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::FailingCalls;
using test::TempName;

using Numbers = Arena<std::uint64_t>;
using View = ArenaView<std::uint64_t>;

struct Operation {
  const char* doing;
  std::function<void(const std::string& name)> run;
};

const Operation kCreate{"create", [](const std::string& name) { Numbers::create(name, {.slots = 4}); }};
const Operation kOpen{"open", [](const std::string& name) { Numbers::open(name); }};
const Operation kView{"view", [](const std::string& name) { View::open(name); }};
const Operation kRemove{"remove", [](const std::string& name) { Numbers::remove(name); }};

/// Opens and removes nothing meanwhile: only the writer's own calls are made to fail.
class OpenArena {
 public:
  explicit OpenArena(const std::string& name) : arena_(Numbers::create(name, {.slots = 4})) {}
  void write() { arena_.writer().alloc(1); }

 private:
  Numbers arena_;
};

struct Failure {
  const char* call;
  int error;
  Code code;
  const char* cause;
  const char* remedy;
  int times = 1 << 30;
};

std::string label(const Failure& failure) {
  return std::string(failure.call) + ": " + std::generic_category().message(failure.error);
}

void expect_told(const Failure& failure, const std::function<void()>& run) {
  SCOPED_TRACE(label(failure));
  std::optional<Error> thrown;
  int failed_count = 0;
  {
    FailingCalls failing(failure.call, failure.error, failure.times);
    try {
      run();
    } catch (const Error& error) {
      thrown = error;
    }
    failed_count = failing.failed_count();
  }
  EXPECT_GT(failed_count, 0) << "it was never called";
  ASSERT_TRUE(thrown) << "no error";
  EXPECT_EQ(thrown->code(), failure.code) << thrown->what();
  EXPECT_NE(thrown->found().find(failure.cause), std::string::npos) << thrown->what();
  EXPECT_NE(thrown->remedy().find(failure.remedy), std::string::npos) << thrown->what();
}

std::size_t descriptor_count() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

/// Of any segment: who creates one maps it before it has a name.
std::size_t mapping_count() {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);)
    if (line.find("/dev/shm/") != std::string::npos) ++count;
  return count;
}

TEST(FaultInjectionTest, CreateTellsWhy) {
  const TempName name;
  const std::size_t descriptors = descriptor_count();
  for (const Failure& failure : std::vector<Failure>{
           {"getrandom", ENOSYS, Code::unsupported, "without a needed feature", "arena-shm doctor"},
           {"open /dev/shm", EMFILE, Code::system, "no free descriptor in this process", "ulimit -n"},
           {"open /dev/shm", ENFILE, Code::system, "no free descriptor on this host", "fs.file-max"},
           {"open /dev/shm", EROFS, Code::permission_denied, "mounted read-only", "remount,rw"},
           {"open /dev/shm", EACCES, Code::permission_denied, "no permission for the directory", "chmod 1777"},
           {"open /dev/shm", EPERM, Code::permission_denied, "refusal by the system", "seccomp"},
           {"open /dev/shm", ENOSPC, Code::no_space, "one more file", "nr_inodes"},
           {"open /dev/shm", EDQUOT, Code::no_space, "quota", "setquota"},
           {"open /dev/shm", ENOMEM, Code::no_space, "the kernel's own needs", "free memory"},
           {"open /dev/shm", EINTR, Code::system, "a signal has interrupted", "try again"},
           {"posix_fallocate", ENOSPC, Code::no_space, "no space left in /dev/shm", "remount,size="},
           {"posix_fallocate", EDQUOT, Code::no_space, "quota", "setquota"},
           {"posix_fallocate", ENOMEM, Code::no_space, "no memory for its pages", "control group"},
           {"posix_fallocate", EFBIG, Code::file_size_limit, "a file-size limit", "ulimit -f"},
           {"posix_fallocate", EOPNOTSUPP, Code::unsupported, "without a needed feature", "tmpfs"},
           {"posix_fallocate", EINVAL, Code::unsupported, "without a needed feature", "tmpfs"},
           {"posix_fallocate", EIO, Code::system, "does not work", "dmesg"},
           {"pwrite", ENOSPC, Code::no_space, "no space left in /dev/shm", "remount,size="},
           {"pwrite", EDQUOT, Code::no_space, "quota", "setquota"},
           {"pwrite", EFBIG, Code::file_size_limit, "a file-size limit", "ulimit -f"},
           {"pwrite", EIO, Code::system, "does not work", "dmesg"},
           {"fchmod", EPERM, Code::permission_denied, "refusal by the system", "seccomp"},
           {"fchmod", EROFS, Code::permission_denied, "mounted read-only", "remount,rw"},
           {"fcntl dup", EMFILE, Code::system, "no free descriptor in this process", "ulimit -n"},
           {"fcntl dup", EINVAL, Code::system, "no free descriptor in this process", "ulimit -n"},
           {"fstat", EIO, Code::system, "does not work", "dmesg"},
           {"pread", EIO, Code::system, "does not work", "dmesg"},
           {"pread", EBADF, Code::system, "a descriptor that is closed already", "the code that closes"},
           {"fstatfs", ENOSYS, Code::unsupported, "without a needed feature", "tmpfs"},
           {"mmap file", EAGAIN, Code::no_space, "mlockall", "ulimit -l"},
           {"mmap file", ENOMEM, Code::no_space, "no memory for the mapping", "free memory"},
           {"mmap file", ENODEV, Code::unsupported, "cannot map the file", "mount a tmpfs"},
           {"mmap file", EPERM, Code::permission_denied, "refusal by the system", "SELinux"},
           {"mmap file", ENFILE, Code::system, "no free descriptor on this host", "fs.file-max"},
           {"madvise dontfork", EINVAL, Code::unsupported, "cannot map the file", "Linux 5.10"},
           {"madvise dontfork", ENOMEM, Code::no_space, "no memory for the mapping", "free memory"},
           {"link", EEXIST, Code::already_exists, "an arena of that name", "another name"},
           {"link", EPERM, Code::permission_denied, "refusal to link", "protected_hardlinks"},
           {"link", EROFS, Code::permission_denied, "mounted read-only", "remount,rw"},
           {"link", EACCES, Code::permission_denied, "no permission for the directory", "chmod 1777"},
           {"link", ENOSPC, Code::no_space, "one more file", "nr_inodes"},
           {"link", EXDEV, Code::system, "mounted again", "try again"},
           {"link", ENOENT, Code::system, "another process has removed", "try again"},
       }) {
    expect_told(failure, [&] { kCreate.run(name.str()); });
    EXPECT_TRUE(test::names_in_shm(name.str()).empty()) << label(failure);
    EXPECT_EQ(descriptor_count(), descriptors) << label(failure);
    EXPECT_EQ(mapping_count(), 0U) << label(failure);
  }
}

TEST(FaultInjectionTest, OpenTellsWhy) {
  const TempName name;
  const auto arena = Numbers::create(name, {.slots = 4});
  const std::size_t descriptors = descriptor_count();
  const std::vector<Failure> both{
      {"open /dev/shm", ENOENT, Code::not_found, "no arena of that name", "to list the arenas"},
      {"open /dev/shm", ELOOP, Code::not_an_arena, "a symbolic link", "remove the link"},
      {"open /dev/shm", EMFILE, Code::system, "no free descriptor in this process", "ulimit -n"},
      {"open /dev/shm", ENFILE, Code::system, "no free descriptor on this host", "fs.file-max"},
      {"open /dev/shm", EPERM, Code::permission_denied, "refusal by the system", "AppArmor"},
      {"open /dev/shm", ENOMEM, Code::no_space, "the kernel's own needs", "free memory"},
      {"open /dev/shm", EINTR, Code::system, "a signal has interrupted", "try again"},
      {"open /dev/shm", EXFULL, Code::system, "a failed system call", "arena-shm doctor"},
      {"fstat", EIO, Code::system, "does not work", "dmesg"},
      {"pread", EIO, Code::system, "does not work", "dmesg"},
      {"mmap file", EAGAIN, Code::no_space, "mlockall", "ulimit -l"},
  };
  for (const Failure& failure : both) {
    expect_told(failure, [&] { kOpen.run(name.str()); });
    expect_told(failure, [&] { kView.run(name.str()); });
  }
  expect_told({"open /dev/shm", EACCES, Code::permission_denied, "no permission to write it", "open it read-only"},
              [&] { kOpen.run(name.str()); });
  expect_told({"open /dev/shm", EACCES, Code::permission_denied, "no permission to read it", "a wider mode"},
              [&] { kView.run(name.str()); });
  expect_told({"open /dev/shm", EROFS, Code::permission_denied, "mounted read-only", "or open it read-only"},
              [&] { kOpen.run(name.str()); });
  EXPECT_EQ(descriptor_count(), descriptors);
}

TEST(FaultInjectionTest, TakingASeatTellsWhy) {
  const TempName name;
  OpenArena arena(name.str());
  const std::size_t descriptors = descriptor_count();
  for (const Failure& failure : std::vector<Failure>{
           {"fcntl lock", ENOLCK, Code::no_space, "no memory for a lock", "control group"},
           {"fcntl lock", EINVAL, Code::unsupported, "locks of open files", "Linux 3.15"},
           {"fcntl lock", EPERM, Code::permission_denied, "refusal by the system", "seccomp"},
           {"fcntl lock", EBADF, Code::system, "a descriptor that is closed already", "the code that closes"},
           {"mmap file", EAGAIN, Code::no_space, "mlockall", "ulimit -l"},
           {"mmap file", ENOMEM, Code::no_space, "no memory for the mapping", "free memory"},
           {"madvise dontfork", EINVAL, Code::unsupported, "locks of open files", "Linux 3.15"},
       }) {
    expect_told(failure, [&] { arena.write(); });
    EXPECT_EQ(descriptor_count(), descriptors) << label(failure);
  }
  arena.write();
}

TEST(FaultInjectionTest, RemoveTellsWhy) {
  const TempName name;
  const auto arena = Numbers::create(name, {.slots = 4});
  for (const Failure& failure : std::vector<Failure>{
           {"shm_unlink", EACCES, Code::permission_denied, "no permission to remove it", "ask its owner"},
           {"shm_unlink", EPERM, Code::permission_denied, "no permission to remove it", "ask its owner"},
           {"shm_unlink", EROFS, Code::permission_denied, "mounted read-only", "remount,rw"},
           {"shm_unlink", EISDIR, Code::not_an_arena, "a directory", "check the name"},
           {"shm_unlink", EBUSY, Code::not_an_arena, "mounted there", "umount"},
       })
    expect_told(failure, [&] { kRemove.run(name.str()); });
}

TEST(FaultInjectionTest, AProcessThatCannotBeLookedAtIsNoneThatMapsNothing) {
  const TempName name;
  const auto arena = Numbers::create(name, {.slots = 4});
  const auto image = inspect::Image::of_arena(name.str());
  const auto look = [&](const char* call, int error) {
    const FailingCalls failing(call, error);
    return inspect::mappers_of(image, 0);
  };
  EXPECT_EQ(look("open /proc", ENFILE).error, ENFILE) << "the directory";
  EXPECT_EQ(look("open /proc/", ENFILE).error, ENFILE) << "the process";
  EXPECT_EQ(look("open /proc/", ENOENT).error, 0) << "it has ended meanwhile";
  EXPECT_EQ(look("open /proc/", EACCES).error, 0);
  EXPECT_GT(look("open /proc/", EACCES).unreadable_count, 0U);
}

TEST(FaultInjectionTest, WithoutTheAdviceAboutDumpsEverythingGoesOn) {
  const TempName name;
  const FailingCalls failing("madvise dontdump", EINVAL);
  OpenArena(name.str()).write();
  EXPECT_GT(failing.failed_count(), 0);
}

/// Lets each call of the operation fail once, one after the other.
void expect_told_at_every_call(const Operation& operation, int error, bool make_first) {
  constexpr int kMoreThanThereAre = 1000;
  for (int nth = 1; nth < kMoreThanThereAre; ++nth) {
    const TempName name;
    std::optional<Numbers> first;
    if (make_first) first.emplace(Numbers::create(name, {.slots = 4}));
    const std::size_t descriptors = descriptor_count();
    const std::size_t mappings = mapping_count();
    FailingCalls failing(nth, error);
    const auto trace = [&] {
      return std::string(operation.doing) + ", " + failing.failed() + ": " + std::generic_category().message(error);
    };
    try {
      operation.run(name.str());
    } catch (const Error& thrown) {
      EXPECT_FALSE(thrown.found().empty()) << trace() << '\n' << thrown.what();
      EXPECT_FALSE(thrown.remedy().empty()) << trace() << '\n' << thrown.what();
      if (!make_first) {
        EXPECT_TRUE(test::names_in_shm(name.str()).empty()) << trace();
      }
    }
    // Whether a descriptor is still the segment's cannot be told without fstat: one that may be another file's stays.
    if (failing.failed() != "fstat") {
      EXPECT_EQ(descriptor_count(), descriptors) << trace();
    }
    EXPECT_EQ(mapping_count(), mappings) << trace();
    if (failing.failed_count() == 0) return;
  }
  FAIL() << operation.doing << " makes more calls than that";
}

TEST(FaultInjectionTest, AnyCallMayFailOnceAndNothingIsLeftBehind) {
  const Operation write{"write", [](const std::string& name) { Numbers::open(name).writer().alloc(1); }};
  const Operation alloc{"alloc", [](const std::string& name) { Numbers::open(name).alloc(1); }};
  const Operation either{"open_or_create",
                         [](const std::string& name) { Numbers::open_or_create(name, {.slots = 4}); }};
  const Operation wait{"wait", [](const std::string& name) {
                         View::open(name).reader(From::newest).wait_for(std::chrono::microseconds(1));
                       }};
  for (const int error : {EMFILE, ENOMEM, EACCES, EPERM, EIO, ENOSPC, EINTR, EINVAL, ENOENT, ENOSYS, EAGAIN, EBADF}) {
    expect_told_at_every_call(kCreate, error, false);
    expect_told_at_every_call(either, error, false);
    for (const Operation& operation : {kOpen, kView, kRemove, write, alloc, either, wait})
      expect_told_at_every_call(operation, error, true);
  }
}

}  // namespace
}  // namespace arena_shm
