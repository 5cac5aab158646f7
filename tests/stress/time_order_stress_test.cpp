// Order::time under load: lanes that are written at full speed, in bursts, in batches and now and then, merged into one
// sequence. No value may be older than one before it, unless it is marked; each one is accounted for. And the same
// without the membarrier that this rests on, which has to go wrong: so the test can see it.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/filtered_calls.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::TempName;

constexpr std::uint64_t kSlots = 1 << 16;

std::uint64_t values_to_read() {
  constexpr std::uint64_t kShort = 3'000'000;
  return std::getenv("ARENA_SHM_LONG") != nullptr ? 100'000'000 : kShort;
}

/// How somebody writes.
enum class Pace : std::uint8_t { full, bursts, batches, seldom, drowned };

struct Setting {
  const char* name;
  std::vector<Pace> writers;  ///< a thread and a lane each
  Manner manner;
};
std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

void write(Writer<std::uint64_t>& writer, Pace pace, const std::atomic<bool>& stop) {
  std::array<std::uint64_t, 24> batch{};
  std::vector<char> cold(pace == Pace::drowned ? std::size_t{1} << 27 : 1);
  std::size_t at = 0;
  for (std::uint64_t n = 0; !stop.load(std::memory_order_relaxed); ++n) {
    switch (pace) {
      case Pace::full: writer.alloc(n); break;
      case Pace::drowned:
        // Stores to lines that no cache has: what is stored behind them takes long to become visible.
        for (int i = 0; i < 32; ++i) cold[(at += 4160) % cold.size()] = static_cast<char>(n);
        writer.alloc(n);
        break;
      case Pace::batches: writer.alloc(std::span<const std::uint64_t>(batch.data(), 1 + n % batch.size())); break;
      case Pace::bursts:
        for (int i = 0; i < 2000; ++i) writer.alloc(n);
        std::this_thread::sleep_for(50us);
        break;
      case Pace::seldom:
        writer.alloc(n);
        std::this_thread::sleep_for(1ms);
        break;
    }
  }
}

struct Outcome {
  std::uint64_t read = 0;
  std::uint64_t late = 0;      ///< older than one before, and marked
  std::uint64_t unmarked = 0;  ///< older than one before
  bool is_exact = false;
};

/// Until so many values have come, or a time is over.
struct Extent {
  std::uint64_t values = ~std::uint64_t{0};
  std::chrono::seconds longest = 60s;
  bool until_late = false;  ///< or until one is older than one before
  bool writes = false;      ///< before each look it appends a value of its own, which is the newest one
};

/// Follows the lanes in order of time.
class Merge {
 public:
  Merge(const Arena<std::uint64_t>& arena, Manner manner, Extent extent)
      : arena_(arena),
        reader_(arena.reader(From::newest, {.manner = manner, .hold = 10s, .order = Order::time})),
        first_(reader_.position()),
        extent_(extent),
        end_(std::chrono::steady_clock::now() + extent.longest),
        last_of_lane_(arena.lanes()) {
    if (extent.writes) writer_.emplace(arena.writer());
  }

  Outcome run() {
    std::vector<Entry<std::uint64_t>> entries(256);
    while (outcome_.read < extent_.values && std::chrono::steady_clock::now() < end_ &&
           !(extent_.until_late && outcome_.late > 0)) {
      if (writer_) writer_->alloc(0);
      const std::size_t count = reader_.next(std::span(entries));
      for (std::size_t i = 0; i < count; ++i) take(entries[i]);
      if (count < entries.size() && !writer_) reader_.wait_for(10ms);
    }
    outcome_.is_exact = reader_.is_exact();
    expect_all_accounted_for();
    return outcome_;
  }

 private:
  void take(const Entry<std::uint64_t>& entry) {
    const std::uint32_t lane = arena_.lane_of(entry.seq);
    ++outcome_.read;
    const std::pair place{entry.time, lane};
    outcome_.late += entry.late ? 1U : 0U;
    outcome_.unmarked += place < last_ && !entry.late ? 1U : 0U;
    last_ = std::max(last_, place);
    EXPECT_GE(entry.seq, last_of_lane_[lane]) << "a lane's own order";
    last_of_lane_[lane] = entry.seq + 1;
  }

  void expect_all_accounted_for() const {
    std::uint64_t distance = 0;
    for (std::uint32_t k = 0; k < arena_.lanes(); ++k) {
      const LaneCounts counts = reader_.counts(k);
      const std::uint64_t gone = (counts.cursor - first_.next()[k]) / arena_.lanes();
      EXPECT_EQ(gone, counts.read + counts.overwritten + counts.holes + counts.passed_over);
      EXPECT_EQ(counts.holes, 0U);
      distance += gone;
    }
    EXPECT_GE(distance, outcome_.read);
    EXPECT_EQ(reader_.read_count(), outcome_.read);
  }

  const Arena<std::uint64_t>& arena_;
  Reader<std::uint64_t> reader_;
  std::optional<Writer<std::uint64_t>> writer_;
  Position first_;
  Extent extent_;
  std::chrono::steady_clock::time_point end_;
  std::vector<std::uint64_t> last_of_lane_;
  std::pair<std::uint64_t, std::uint32_t> last_{0, 0};
  Outcome outcome_;
};

/// Threads that write, for as long as it lives.
class Writing {
 public:
  Writing(const Arena<std::uint64_t>& arena, const std::vector<Pace>& paces) {
    for (const Pace pace : paces) {
      threads_.emplace_back([this, pace, writer = arena.writer()]() mutable { write(writer, pace, stop_); });
    }
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

Options lanes(std::size_t count) {
  return {.slots = kSlots, .writers = Writers::laned, .seats = static_cast<std::uint32_t>(count), .time = true};
}

class TimeOrderStressTest : public testing::TestWithParam<Setting> {};

TEST_P(TimeOrderStressTest, NothingComesBeforeWhatIsOlder) {
  const Setting& setting = GetParam();
  const TempName name;
  const auto arena = Arena<std::uint64_t>::create(name, lanes(setting.writers.size()));
  const Writing writing(arena, setting.writers);
  const Outcome outcome = Merge(arena, setting.manner, {.values = values_to_read()}).run();
  EXPECT_GT(outcome.read, 1000U);
  EXPECT_EQ(outcome.late, 0U) << "of " << outcome.read;
  EXPECT_EQ(outcome.unmarked, 0U);
  EXPECT_TRUE(outcome.is_exact);
  std::printf("%s: %lu values in order of time\n", setting.name, outcome.read);
}

INSTANTIATE_TEST_SUITE_P(
    Lanes, TimeOrderStressTest,
    testing::Values(
        Setting{"TwoAtFullSpeed", {Pace::full, Pace::full}, Manner::throughput},
        Setting{"TwoFollowedClosely", {Pace::bursts, Pace::seldom}, Manner::latency},
        Setting{"Batches", {Pace::batches, Pace::full, Pace::batches}, Manner::throughput},
        Setting{"ManyIdle", {Pace::full, Pace::seldom, Pace::seldom, Pace::bursts, Pace::seldom}, Manner::throughput}),
    [](const testing::TestParamInfo<Setting>& setting) { return std::string(setting.param.name); });

/// In a thread of its own, whose filter ends with it. Empty: it may not filter its calls.
template <class Filter>
std::optional<Outcome> merge_filtered(Filter filter, const Arena<std::uint64_t>& arena, Extent extent) {
  std::optional<Outcome> outcome;
  std::thread([&] {
    if (filter()) outcome = Merge(arena, Manner::latency, extent).run();
  }).join();
  return outcome;
}

// Who has just appended a value asks at once whether the other lane has something older, that is still on its way.
constexpr Extent kRacing{.longest = 5s, .until_late = true, .writes = true};

TEST(TimeOrderFilterTest, AnswersComeAfterWhatIsOnItsWay) {
  const TempName name;
  const auto arena = Arena<std::uint64_t>::create(name, lanes(2));
  const Writing writing(arena, {Pace::drowned});
  const Outcome outcome = Merge(arena, Manner::latency, kRacing).run();
  EXPECT_GT(outcome.read, 1000U);
  EXPECT_EQ(outcome.late, 0U) << "of " << outcome.read;
  EXPECT_TRUE(outcome.is_exact);
}

TEST(TimeOrderFilterTest, WithoutTheBarrierItGoesWrong) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "needs two processors";
  const TempName name;
  const auto arena = Arena<std::uint64_t>::create(name, lanes(2));
  const Writing writing(arena, {Pace::drowned});
  Extent extent = kRacing;
  const bool is_long = std::getenv("ARENA_SHM_LONG") != nullptr;
  extent.longest = is_long ? 600s : 20s;
  const auto outcome = merge_filtered(test::fake_membarrier, arena, extent);
  if (!outcome) GTEST_SKIP() << "may not filter system calls";
  // It is a matter of chance: of the processors' distance, and of what else runs on them.
  if (outcome->late == 0 && !is_long) GTEST_SKIP() << "not seen among " << outcome->read << " values; see --long";
  EXPECT_GT(outcome->late, 0U) << "of " << outcome->read;
  EXPECT_EQ(outcome->unmarked, 0U);
  EXPECT_FALSE(outcome->is_exact) << "it has seen that";
  std::printf("without the barrier: out of order after %lu values\n", outcome->read);
}

TEST(TimeOrderFilterTest, WithoutMembarrierItSaysSoAndGoesOn) {
  const TempName name;
  const auto arena = Arena<std::uint64_t>::create(name, lanes(2));
  const Writing writing(arena, {Pace::full, Pace::bursts});
  const auto outcome = merge_filtered(test::refuse_membarrier, arena, Extent{.values = values_to_read()});
  if (!outcome) GTEST_SKIP() << "may not filter system calls";
  EXPECT_GT(outcome->read, 1000U);
  EXPECT_FALSE(outcome->is_exact);
  EXPECT_EQ(outcome->unmarked, 0U);
}

}  // namespace
}  // namespace arena_shm
