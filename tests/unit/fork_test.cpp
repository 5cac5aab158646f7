// fork without exec: the child has no part in its parent's handles.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>

#include "arena_shm/arena.hpp"
#include "support/child.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using core::LeaseState;
using test::Child;
using test::Gate;
using test::SegmentFile;
using test::Shared;
using test::TempName;

using Numbers = Arena<std::uint64_t>;

LeaseState lease(const TempName& name, std::uint32_t seat) {
  const auto segment = core::Segment::open(name, core::Access::read_only);
  return segment->leases().test(seat, segment->ring().seats[seat].session);
}

TEST(ForkTest, HandlesDestroyedInTheChildDoNothing) {
  const TempName name;
  auto arena = std::make_optional(Numbers::create(name, {.slots = 8}));
  auto writer = std::make_optional(arena->writer());
  auto view = std::make_optional(ArenaView<std::uint64_t>::open(name));
  auto reader = std::make_optional(view->reader(From::oldest));
  for (int i = 0; i < 200; ++i) arena->alloc(1);  // the mutex is reserved for this handle
  SegmentFile file(name);
  const std::uint64_t mutex = file.control().mutex;
  Child child([&] {
    reader.reset();
    view.reset();
    writer.reset();
    arena.reset();
    return 0;
  });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(lease(name, 0), LeaseState::held);
  EXPECT_EQ(lease(name, 1), LeaseState::held);
  EXPECT_EQ(file.seat(0).pid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_EQ(file.control().mutex, mutex);
  EXPECT_EQ(writer->alloc(5).seq, 200U);
  EXPECT_EQ(arena->alloc(6).seq, 201U);
  EXPECT_TRUE(reader->next().has_value());
}

TEST(ForkTest, TheChildOpensItsOwn) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = 8});
  auto writer = arena.writer();
  Child child([&] {
    auto own = Numbers::open(name);
    auto own_writer = own.writer();
    own_writer.alloc(own.alloc(1).value + 1);
    return own_writer.seat() == writer.seat() ? 1 : 0;
  });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(arena.head(), 2U);
  EXPECT_EQ(writer.alloc(3).seq, 2U);
}

// The parent is killed, and a child that it has forked lives on: the lease was the parent's alone.
TEST(ForkTest, ALeaseEndsWithItsHolderThoughAForkedChildLives) {
#if defined(ARENA_SHM_EMULATED)
  GTEST_SKIP() << "qemu-user does not pass MADV_DONTFORK on";
#endif
  const TempName name;
  const auto arena = Numbers::create(name, {.slots = 8});
  const Gate forked;
  const Shared<pid_t> grandchild;
  Child parent([&] {
    auto writer = Numbers::open(name).writer();
    writer.alloc(1);
    if (const pid_t pid = ::fork(); pid != 0) {
      *grandchild = pid;
      forked.open();
    }
    for (;;) ::pause();
    return 0;
  });
  forked.pass();
  EXPECT_EQ(lease(name, 0), LeaseState::held);
  EXPECT_EQ(parent.kill_and_reap(), "signal 9");
  EXPECT_EQ(::kill(*grandchild, 0), 0) << "the child lives";
  EXPECT_EQ(lease(name, 0), LeaseState::free);
  ::kill(*grandchild, SIGKILL);
}

// And the other way round: the end of the child is nothing to the parent's lease.
TEST(ForkTest, ALeaseOutlivesTheChildrenOfItsHolder) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = 8});
  auto writer = arena.writer();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Child([] { return 0; }).end(), "exit 0");
    EXPECT_EQ(Child([] { return ::execl("/bin/true", "true", nullptr); }).end(), "exit 0");
    EXPECT_EQ(lease(name, 0), LeaseState::held);
  }
  EXPECT_EQ(writer.alloc(1).seq, 0U);
}

}  // namespace
}  // namespace arena_shm
