// The interprocess mutex of an arena, and who contends for it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include "arena_shm/arena.hpp"
#include "arena_shm/core/mutex.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::core {

/// A seat, and its side of the mutex.
struct Party {
  explicit Party(const test::TempName& name)
      : segment(Segment::open(name, Access::read_write)),
        hold(segment, "party"),
        mutex(segment->ring().control->mutex, segment->ring(), segment->witness(), hold.index(), hold.session()) {}
  Seat& seat() const { return hold.seat(); }
  std::uint32_t number() const { return hold.index() + 1; }

  std::shared_ptr<const Segment> segment;
  SeatHold hold;
  InterprocessMutex mutex;
};

/// A time that no machine needs for what is waited for: not reached, but by a mutex that never comes free.
inline InterprocessMutex::Clock::time_point soon() {
  return InterprocessMutex::Clock::now() + std::chrono::seconds(30);
}
inline InterprocessMutex::Clock::time_point at_once() {
  return InterprocessMutex::Clock::now() + std::chrono::milliseconds(9);
}

class MutexTest : public ::testing::Test {
 protected:
  std::uint64_t word() { return file_.control().mutex; }
  void set_word(std::uint64_t word) { file_.control().mutex = word; }

  test::TempName name_;
  Arena<std::uint64_t> arena_ = Arena<std::uint64_t>::create(name_, {.slots = 4, .seats = 8});
  test::SegmentFile file_{name_};
};

}  // namespace arena_shm::core
