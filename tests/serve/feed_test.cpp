#include "serve/feed.hpp"

#include <array>
#include <atomic>
#include <boost/describe/class.hpp>
#include <memory>
#include <span>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/describe.hpp"
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

struct Sample {
  std::array<double, 8> v;
};
BOOST_DESCRIBE_STRUCT(Sample, (), (v))

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
  // Its writer is faster than anybody can read: whoever reads on until there is nothing more reads for ever.
  auto before = Arena<Sample>::create(name(), {.slots = 1 << 16, .writers = Writers::exclusive});
  std::atomic<bool> is_over = false;
  std::jthread writing([&] {
    const std::vector<Sample> samples(4096);
    auto writer = before.writer();
    while (!is_over) writer.alloc(std::span(samples));
  });
  {
    Feed feed(name());
    const auto interest = interest_in(0, 1);
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

// After ten seconds: so long is kept what nobody wants any more.
TEST_F(FeedTest, AFilterThatThereWasNoRoomForIsTakenWhenThereIs) {
  RawArena arena = create(1, {.slots = 16});
  write(arena, 3);
  Feed feed(name());
  std::vector<std::shared_ptr<const Interest>> held;
  for (int i = 0; i < 16; ++i) feed.add(held.emplace_back(interest_in(0, 1, "v[0] > " + std::to_string(i))));
  for (const auto& one : held) wait_for([&] { return is_served(feed, *one); });
  const auto last = interest_in(0, 1, "v[0] > 16");
  feed.add(last);
  wait_for([&] {
    bool is_refused = false;
    feed.with_state([&](const FeedState& state) {
      const LensEntry* entry = state.find(last->where);
      is_refused = entry != nullptr && entry->is_refused;
    });
    return is_refused;
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
  constexpr std::size_t kNumbers = 8192;  // so large that few fit into a batch
  RawArena arena = create(kNumbers, {.slots = 64, .writers = Writers::laned, .seats = 2});
  const std::vector<double> record(kNumbers);
  const auto bytes = std::as_bytes(std::span(record));
  auto first = arena.writer();
  auto second = arena.writer();
  for (int i = 0; i < 60; ++i) first.alloc(bytes);
  for (int i = 0; i < 50; ++i) second.alloc(bytes);
  const RawView view = RawView::open(name());
  const RingLayout layout(view);
  const std::vector<std::uint64_t> all = view.reader(From::newest, {.doorbell = false}).position().next();
  for (std::size_t lane = 0; lane < 2; ++lane) {  // all of this one, nothing of the other
    std::vector<std::uint64_t> end = all;
    end[1 - lane] = 1 - lane;
    BatchReader reader(view, layout, From::oldest);
    std::size_t count = 0;
    while (reader.read_below(end)) count += reader.batch().arrivals.size();
    EXPECT_EQ(count, all[lane] / 2);
  }
}

}  // namespace
}  // namespace arena_shm::serve
