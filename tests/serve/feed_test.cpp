#include "serve/feed.hpp"

#include <atomic>
#include <memory>

#include "serve/batch_reader.hpp"
#include "serve/rings.hpp"

namespace arena_shm::serve {
namespace {

std::shared_ptr<const Interest> interest_in(std::size_t first, std::size_t end, std::string where = {}) {
  auto interest = std::make_shared<Interest>();
  interest->where = std::move(where);
  for (std::size_t i = first; i < end; ++i) interest->fields.push_back("v[" + std::to_string(i) + "]");
  return interest;
}

class FeedTest : public Rings {
 protected:
  static std::uint64_t generation(const Feed& feed) {
    std::uint64_t found = 0;
    feed.with_state([&](const FeedState& state) { found = state.generation; });
    return found;
  }
  static LaneCounts counts(const Feed& feed) {
    LaneCounts found;
    feed.with_state([&](const FeedState& state) { found = state.counts; });
    return found;
  }
  // Are all of them drawn?
  static bool is_served(const Feed& feed, const Interest& interest) {
    bool is_served = false;
    feed.with_state([&](const FeedState& state) {
      const LensEntry* entry = state.find(interest.where);
      is_served = entry != nullptr && entry->lens;
      for (const std::string& field : interest.fields) {
        if (!is_served) return;
        const auto place = entry->lens->find(*state.layout->find_series(field));
        is_served = place && entry->lens->is_filled(*place);
      }
    });
    return is_served;
  }
};

TEST_F(FeedTest, ARingThatWasRemovedIsLeftThoughItsWriterGoesOn) {
  RawArena before = create(1, {.slots = 1 << 16});
  std::atomic<bool> is_over = false;
  std::jthread writing([&] {
    double value = 0;
    auto writer = before.writer();
    while (!is_over) writer.alloc(std::as_bytes(std::span(&value, 1)));
  });
  {
    Feed feed(name());
    // So slow to read that the writer is never caught up with.
    const auto interest = interest_in(0, 1, "v[0] < 1 && v[0] > -1 && v[0] < 2 && v[0] > -2 && v[0] < 3");
    feed.add(interest);
    wait_for([&] { return counts(feed).read > 0; });
    RawArena::remove(name());
    RawArena after = create(1, {.slots = 8});
    wait_for([&] { return generation(feed) == 2; });
  }
  is_over = true;
}

TEST_F(FeedTest, WhatARingMadeAnewHasLostBeforeTheFirstLookIsCounted) {
  RawArena before = create(1, {.slots = 8});
  write(before, 5);
  Feed feed(name());
  wait_for([&] { return counts(feed).read == 5; });
  RawArena::remove(name());
  RawArena after = create(1, {.slots = 8});
  write(after, 1000);
  wait_for([&] {
    const LaneCounts now = counts(feed);
    return now.read + now.overwritten + now.passed_over == 1005;
  });
}

TEST_F(FeedTest, WhatTheFirstRingHasLostBeforeIsNot) {
  RawArena arena = create(1, {.slots = 8});
  write(arena, 1000);
  Feed feed(name());
  wait_for([&] { return counts(feed).read == 8; });
  EXPECT_EQ(counts(feed).overwritten, 0U);
}

TEST_F(FeedTest, FieldsThatNobodyWantsGiveWayToOthers) {
  RawArena arena = create(100, {.slots = 16});
  write(arena, 3);
  Feed feed(name());
  for (std::size_t first = 0; first + 16 <= 100; first += 16) {
    const auto interest = interest_in(first, first + 16);
    feed.add(interest);
    wait_for([&] { return is_served(feed, *interest); });
  }
}

TEST_F(FeedTest, MoreFieldsThanThereIsRoomForAreSaidAndDrawnAsSoonAsThereIs) {
  RawArena arena = create(100, {.slots = 16});
  write(arena, 3);
  Feed feed(name());
  std::vector<std::shared_ptr<const Interest>> held;
  for (std::size_t first = 0; first < 64; first += 16) feed.add(held.emplace_back(interest_in(first, first + 16)));
  for (const auto& one : held) wait_for([&] { return is_served(feed, *one); });
  const auto last = interest_in(64, 80);
  feed.add(last);
  wait_for([&] {
    bool is_crowded = false;
    feed.with_state([&](const FeedState& state) { is_crowded = state.find("")->is_crowded; });
    return is_crowded;
  });
  held.pop_back();
  wait_for([&] { return is_served(feed, *last); });
}

// Counts what was made and is still there: an interest's memory is there as long as somebody remembers it.
template <class T>
struct Counting {
  using value_type = T;
  static inline std::atomic<int> count = 0;
  std::atomic<int>* all;

  explicit Counting(std::atomic<int>* total) : all(total) {}
  template <class U>
  Counting(const Counting<U>& other) : all(other.all) {}
  T* allocate(std::size_t n) {
    ++*all;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, std::size_t n) {
    --*all;
    std::allocator<T>().deallocate(at, n);
  }
  friend bool operator==(const Counting&, const Counting&) = default;
};

TEST_F(FeedTest, WhatNobodyWantsOfARingThatIsNotThereIsForgotten) {
  std::atomic<int> count = 0;
  Feed feed(name());
  for (int i = 0; i < 1000; ++i) feed.add(std::allocate_shared<Interest>(Counting<Interest>(&count)));
  EXPECT_LE(count, 2);
}

TEST_F(FeedTest, LaterValuesOfOneLaneDoNotHideThoseOfAnother) {
  RawArena arena = create(1, {.slots = 8192, .writers = Writers::laned, .seats = 2});
  double value = 1;
  const auto bytes = std::as_bytes(std::span(&value, 1));
  auto first = arena.writer();
  auto second = arena.writer();
  for (int i = 0; i < 5000; ++i) first.alloc(bytes);
  for (int i = 0; i < 3; ++i) second.alloc(bytes);
  const RawView view = RawView::open(name());
  const RingLayout layout(view);
  // Nothing of the busy lane, all of the other one.
  std::vector<std::uint64_t> end = view.reader(From::newest, {.doorbell = false}).position().next();
  const std::size_t busy = end[0] > end[1] ? 0 : 1;
  end[busy] = busy;
  BatchReader reader(view, layout, From::oldest);
  std::size_t count = 0;
  while (reader.read_below(end)) count += reader.batch().arrivals.size();
  EXPECT_EQ(count, 3U);
}

}  // namespace
}  // namespace arena_shm::serve
