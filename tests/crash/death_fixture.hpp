// A process that dies while it still has its memory.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "arena_shm/arena.hpp"
#include "core/process_death.hpp"
#include "crash/acts.hpp"
#include "support/memory_sharer.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {

using Value = CrashValue;

/// An arena, a victim that is stopped inside of it, and the words of its seat, 0.
class DeathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to see that nobody shares a memory";
  }

  void make(Writers writers) {
    arena_.emplace(Arena<Value>::create(name_, {.slots = kCrashSlots, .writers = writers, .seats = kCrashSeats}));
    file_ = std::make_unique<SegmentFile>(name_.str());
    segment_ = core::Segment::open(name_.str(), core::Access::read_write);
  }
  Child victim(const Cut& cut) {
    Child child = make_victim(cut, name_.str(), SIGSTOP);
    EXPECT_EQ(child.stop_or_end(), "stopped");
    child.signal(SIGCONT);
    EXPECT_EQ(child.stop_or_end(), "stopped");
    return child;
  }
  /// Each of them would wait for the victim, or take its slot for a living one's. Exits with 0.
  Child survivor() {
    return Child([this] {
      auto own = Arena<Value>::open(name_);
      own.alloc(Value::make(kSurvivorId, 0));
      return 0;
    });
  }
  core::LeaseState lease() { return segment_->leases().test(0, 1); }  // the victim's session is the seat's first
  core::Holder holder() {
    const core::Seat& seat = file_->seat(0);
    return {seat.pid.load(), seat.start_time.load(), seat.pid_namespace.load(), seat.lease_page.load()};
  }
  /// Any other process that just then is made, or ends, leaves it open who has the dead one's memory.
  core::Dying how_it_dies_at_last() {
    for (;;) {
      if (const core::Dying dying = core::how_it_dies(holder()); dying != core::Dying::no) return dying;
      std::this_thread::yield();
    }
  }
  bool is_over() { return segment_->witness().is_over(0); }

  TempName name_;
  std::optional<Arena<Value>> arena_;
  std::unique_ptr<SegmentFile> file_;
  std::shared_ptr<const core::Segment> segment_;
};

}  // namespace arena_shm::test
