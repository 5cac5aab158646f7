// W11: how writing grows with the threads that write, from one to many more than there are CPUs.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/channels/arenas.hpp"
#include "bench/harness/rounds.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW11 = "W11";
using T = Value<64>;
constexpr std::uint32_t kMostThreads = 64;
constexpr std::size_t kSlots = 4096;  // in lanes: of each

struct Outcome {
  std::uint64_t values = 0;
  std::uint64_t worst = 0;  // from one append to the next, in ticks
};

/// Threads that append as fast as they can, for a slice of time, wherever the kernel lets them run.
class Threads {
 public:
  Threads(Options options, std::size_t count) : name_(fresh_name()), arena_(Arena<T>::create(name_, options)) {
    Arena<T>::remove(name_);
    for (std::size_t i = 0; i < count; ++i) {
      writers_.push_back(arena_.writer());
      fill_once(arena_, writers_.back());
    }
  }

  Slice run(Nanoseconds time) {
    std::vector<Outcome> outcomes(writers_.size());
    std::barrier<> begin(static_cast<std::ptrdiff_t>(writers_.size()) + 1);
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < writers_.size(); ++i) {
      threads.emplace_back([&, i] {
        begin.arrive_and_wait();
        outcomes[i] = write(writers_[i], stop);
      });
    }
    begin.arrive_and_wait();
    const std::uint64_t before = ticks();
    std::this_thread::sleep_for(time);
    stop = true;
    const std::uint64_t taken = ticks() - before;
    for (std::thread& thread : threads) thread.join();
    return summarize(outcomes, taken);
  }

 private:
  static Outcome write(Writer<T>& writer, const std::atomic<bool>& stop) {
    Source<T, Made::ahead> source;
    Outcome outcome;
    std::uint64_t last = ticks();
    while (!stop.load(std::memory_order_relaxed)) {
      keep_number(writer.alloc(source.next(outcome.values)).seq);
      ++outcome.values;
      const std::uint64_t now = ticks();
      outcome.worst = std::max(outcome.worst, now - last);
      last = now;
    }
    return outcome;
  }

  static Slice summarize(const std::vector<Outcome>& outcomes, std::uint64_t taken) {
    Slice slice;
    std::uint64_t values = 0;
    std::uint64_t worst = 0;
    for (const Outcome& outcome : outcomes) {
      values += outcome.values;
      worst = std::max(worst, outcome.worst);
    }
    slice.empty = values == 0;
    slice.value = static_cast<double>(values) / to_ns(taken) * 1000;
    slice.details["worst append us"] = to_ns(worst) / 1000;
    return slice;
  }

  std::string name_;
  Arena<T> arena_;
  std::vector<Writer<T>> writers_;
};

Contestant writing(const std::string& kind, std::size_t count, std::vector<std::string> against, Options options) {
  const std::string threads = std::to_string(count) + (count == 1 ? " thread, " : " threads, ");
  return {.name = threads + kind,
          .against = std::move(against),
          .run = [team = std::make_shared<Threads>(options, count)](auto time) { return team->run(time); },
          .unit = "M/s"};
}

}  // namespace

Rows writing_threads(const Settings& settings) {
  const std::string name = size_and_slots(64, kSlots);
  tell(kW11, name);
  std::vector<Contestant> all;
  for (std::uint32_t count = 1; count <= kMostThreads; count *= 2) {
    all.push_back(writing(kShared, count, {}, {.slots = kSlots, .seats = kMostThreads}));
    const std::string shared = all.back().name;
    all.push_back(writing(kLaned, count, {shared}, {.slots = kSlots, .writers = Writers::laned, .seats = count}));
  }
  return run_rounds(kW11, name, all, settings);
}

}  // namespace arena_shm::bench
