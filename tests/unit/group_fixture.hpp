// A lossless arena of each kind of writers, with room for a group of four.
#pragma once

#include <vector>

#include "unit/lossless_fixture.hpp"

namespace arena_shm::test {

class GroupFixture : public LosslessTest {
 protected:
  GroupFixture() : LosslessTest(five()) {}

  static Options five(Duration patience = {}) {
    Options wanted = options(patience);
    wanted.consumers = 5;
    return wanted;
  }
  static Consumer<Tick> join(const Arena<Tick>& arena, ConsumerOptions wanted = {}) {
    wanted.share = true;
    return arena.consumer("workers", wanted);
  }
  Consumer<Tick> member(const ConsumerOptions& wanted = {}) { return join(arena_, wanted); }

  /// A member in a process of its own, that has taken up to `count` values, and waits with them in hand.
  Child holder(std::size_t count, ConsumerOptions wanted = {}) {
    const Gate holds;
    Child child([&] {
      const auto arena = Arena<Tick>::open(name_);
      auto mine = join(arena, wanted);
      std::vector<Entry<Tick>> entries(count);
      while (mine.next(entries) == 0) std::this_thread::sleep_for(1ms);
      holds.open();
      for (;;) ::pause();
      return 0;
    });
    holds.pass();
    return child;
  }
  /// What `consumer` gets, until there were so many.
  std::vector<Tick> take(Consumer<Tick>& consumer, std::size_t count, bool redelivered) {
    std::vector<Tick> values;
    EXPECT_TRUE(eventually([&] {
      while (const auto entry = consumer.next()) {
        EXPECT_EQ(entry->redelivered, redelivered) << entry->value;
        values.push_back(entry->value);
      }
      return values.size() >= count;
    }));
    return values;
  }
};

}  // namespace arena_shm::test
