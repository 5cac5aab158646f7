// Leases: they last as long as their holder, and not a moment longer, whatever becomes of descriptors and children.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "arena_shm/arena.hpp"
#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using core::LeaseState;
using test::Child;
using test::code_of;
using test::Gate;
using test::SegmentFile;
using test::TempName;

using Numbers = Arena<std::uint64_t>;

class LeaseTest : public ::testing::Test {
 protected:
  /// Through a description of its own, as any other process would.
  LeaseState lease(std::uint32_t seat) const {
    const auto segment = core::Segment::open(name_, core::Access::read_only);
    return segment->leases().test(seat, segment->ring().seats[seat].session);
  }

  TempName name_;
  std::optional<Numbers> arena_ = Numbers::create(name_, {.slots = 8, .seats = 4});
};

TEST_F(LeaseTest, IsHeldWhileTheWriterLives) {
  EXPECT_EQ(lease(0), LeaseState::free);
  std::optional<Writer<std::uint64_t>> writer(arena_->writer());
  EXPECT_EQ(lease(0), LeaseState::held);
  EXPECT_EQ(lease(1), LeaseState::free);
  writer.reset();
  EXPECT_EQ(lease(0), LeaseState::free);
}

TEST_F(LeaseTest, MovesWithItsWriter) {
  auto first = arena_->writer();
  auto second = std::move(first);
  EXPECT_EQ(lease(0), LeaseState::held);
  second = arena_->writer();
  EXPECT_EQ(lease(0), LeaseState::free);
  EXPECT_EQ(lease(1), LeaseState::held);
}

TEST_F(LeaseTest, IsSeenThroughTheSegmentThatHoldsItToo) {
  const auto segment = core::Segment::open(name_, core::Access::read_write);
  const core::SeatHold hold(segment, "");
  EXPECT_EQ(segment->leases().test(hold.index(), hold.session()), LeaseState::held);
}

TEST_F(LeaseTest, ReadPermissionIsEnoughToTestIt) {
  const auto writer = arena_->writer();
  const int fd = ::open(name_.path().c_str(), O_RDONLY | O_CLOEXEC);
  const core::LeaseFile leases(fd, name_.str());
  EXPECT_EQ(leases.test(0, 1), LeaseState::held);
  EXPECT_EQ(leases.test(0, 2), LeaseState::free) << "a session that has not begun";
  EXPECT_EQ(leases.test(1, 1), LeaseState::free);
}

TEST_F(LeaseTest, EndsWithItsProcess) {
  const Gate taken;
  Child child([&] {
    const auto writer = Numbers::open(name_).writer();
    taken.open();
    ::pause();
    return 0;
  });
  taken.pass();
  EXPECT_EQ(lease(0), LeaseState::held);
  child.kill_and_reap();
  EXPECT_EQ(lease(0), LeaseState::free);
}

// Dead, but not reaped: no store can come from it any more.
TEST_F(LeaseTest, AZombieHoldsNone) {
  const Gate taken;
  Child child([&] {
    const auto writer = Numbers::open(name_).writer();
    taken.open();
    ::pause();
    return 0;
  });
  taken.pass();
  child.signal(SIGKILL);
  child.become_zombie();
  EXPECT_EQ(lease(0), LeaseState::free);
}

TEST_F(LeaseTest, AStoppedProcessHoldsIts) {
  Child child([&] {
    const auto writer = Numbers::open(name_).writer();
    ::raise(SIGSTOP);
    return 0;
  });
  ASSERT_EQ(child.stop_or_end(), "stopped");
  EXPECT_EQ(lease(0), LeaseState::held);
}

// As daemons and shells do. The lease is held by a mapping; the tests of others' leases find the file by its name.
TEST_F(LeaseTest, SurvivesThatAllDescriptorsAreClosed) {
  const Gate closed;
  const Gate checked;
  auto dead = std::make_optional(arena_->writer());
  SegmentFile file(name_);
  Child child([&] {
    auto arena = Numbers::open(name_);
    auto writer = arena.writer();
    const auto view = ArenaView<std::uint64_t>::open(name_);
    auto reader = view.reader(From::oldest, {.hold = std::chrono::nanoseconds{0}});
    writer.alloc(1);
    for (int fd = 3; fd < 100; ++fd) {
      char target[256] = {};
      const std::string link = "/proc/self/fd/" + std::to_string(fd);
      const bool known = ::readlink(link.c_str(), target, sizeof(target) - 1) > 0;
      if (known && std::string(target).starts_with("/dev/shm/")) ::close(fd);  // all but the gates
    }
    closed.open();
    checked.pass();
    for (int i = 0; i < 30; ++i) writer.alloc(2);
    while (reader.next()) {
    }
    if (reader.cursor() != writer.alloc(3).seq) return 1;
    if (arena.alloc(4).seq == 0) return 2;  // takes a seat: needs a descriptor of the file anew
    return 0;
  });
  closed.pass();
  EXPECT_EQ(lease(1), LeaseState::held);
  dead.reset();
  file.seat(0).ended = 0;
  file.seat(0).claim = core::writing(5);  // a dead writer's last word: the child has to find out that it is dead
  checked.open();
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(lease(1), LeaseState::free);
}

TEST_F(LeaseTest, SurvivesCloseRange) {
  Child child([&] {
    auto arena = Numbers::open(name_);
    auto writer = arena.writer();
    ::close_range(3, ~0U, 0);
    // Files of ours get the numbers that the segment had: none is to be mistaken for it, nor closed with it.
    constexpr int kForeign = 64;
    for (int fd = ::open("/dev/null", O_RDONLY); fd < kForeign;) fd = ::dup(fd);
    writer.alloc(1);
    if (lease(writer.seat()) != LeaseState::held) return 1;
    {
      const Numbers moved = std::move(arena);
      const Writer<std::uint64_t> gone = std::move(writer);
    }
    for (int fd = 3; fd < kForeign; ++fd) {
      if (::fcntl(fd, F_GETFD) < 0) return 2;
    }
    return 0;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

// The file cannot be found any more: what cannot be tested counts as alive.
TEST_F(LeaseTest, WithoutDescriptorAndNameTheStateIsUnknown) {
  Child child([&] {
    const auto segment = core::Segment::open(name_, core::Access::read_write);
    ::close_range(3, ~0U, 0);
    if (segment->leases().test(0, 1) != LeaseState::free) return 1;
    Numbers::remove(name_);
    ::close_range(3, ~0U, 0);
    return segment->leases().test(0, 1) == LeaseState::unknown ? 0 : 2;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

TEST_F(LeaseTest, EndsWithExec) {
  const Gate taken;
  Child child([&] {
    const auto writer = Numbers::open(name_).writer();
    taken.open();
    ::execl("/bin/sleep", "sleep", "60", nullptr);
    return 1;
  });
  taken.pass();
  for (int i = 0; i < 10000 && lease(0) == LeaseState::held; ++i) ::usleep(1000);
  EXPECT_EQ(lease(0), LeaseState::free);
}

}  // namespace
}  // namespace arena_shm
