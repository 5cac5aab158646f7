// A lossless arena, and a set in which its writers wait for room.
#pragma once

#include <cstddef>
#include <string_view>
#include <thread>

#include "arena_shm/wait_set.hpp"
#include "unit/lossless_fixture.hpp"

namespace arena_shm::test {

class WritersInASet : public LosslessTest {
 protected:
  static void fill(Writer<Tick>& writer) {
    for (Tick i = 0; i < kSlots; ++i) writer.alloc(i);
  }
  /// `act` happens while somebody sleeps for room, who is told so by no one else.
  template <class Wait, class Act>
  void while_asleep(Wait wait, Act act) {
    SegmentFile file(name_);
    auto& word = file.at<core::ConsumersHead>(file.header().consumers.offset_bytes).room.word;
    std::thread sleeper(wait);
    while ((word & 1) == 0) std::this_thread::yield();  // for ever, if it does not tell
    act();
    sleeper.join();
  }
  std::uint64_t waits_for(const Writer<Tick>& writer) {
    return SegmentFile(name_).seat(writer.seat()).waits_for.load();
  }
  Child stopped_consumer() {
    Child child([&] {
      auto consumer = Arena<Tick>::open(name_).consumer("risk");
      ::raise(SIGSTOP);
      return 0;
    });
    EXPECT_EQ(child.stop_or_end(), "stopped");
    return child;
  }

  WaitSet set_;
};
}  // namespace arena_shm::test
