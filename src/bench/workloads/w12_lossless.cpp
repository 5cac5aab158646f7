// W12: writers that wait for a consumer, which takes what it can, or for a group of them. What counts is what they get:
// all of it.
#include <algorithm>
#include <memory>

#include "arena_shm/core/futex.hpp"
#include "bench/channels/boost_queues.hpp"
#include "bench/channels/lossless_arena.hpp"
#include "bench/workloads/team_contestants.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW12 = "W12";

/// The last members consume, the others write.
template <class Channel, class T>
class ConsumePlay : public Play {
 public:
  ConsumePlay(std::size_t writers, std::size_t consumers, std::size_t slots)
      : channel_(slots), writers_(writers), consumers_(consumers) {}

  std::size_t members() const override { return writers_ + consumers_; }
  std::size_t writers() const override { return writers_; }
  void join(std::size_t member) override { member < writers_ ? channel_.join_writer() : channel_.join_reader(); }
  void all_joined() override { channel_.all_joined(); }
  void prepare(std::size_t member) override {
    if (member >= writers_) empty<Channel, T>(channel_);
  }

  Report run(std::size_t member, const Window& window) override {
    return member < writers_ ? write(window) : consume(window);
  }

  Slice summarize(const std::vector<Report>& reports) const override {
    Slice slice;
    double lost = 0;
    for (std::size_t i = writers_; i < reports.size(); ++i) {
      const Report& consumer = reports[i];
      slice.value += static_cast<double>(consumer.values) / to_ns(consumer.tick_count) * 1000;
      lost += consumer.figures[0];
    }
    slice.empty = slice.value == 0;
    slice.details["lost"] = lost;
    return slice;
  }

 private:
  static constexpr int kBetweenLooks = 64;  // at the clock

  Report write(const Window& window) {
    Report report;
    while (!window.is_over()) {
      for (int i = 0; i < kBetweenLooks; ++i) {
        const T& value = source_.next(next_++);
        while (!channel_.push(value)) {
          core::cpu_pause();
          if (window.is_over()) break;
        }
      }
      report.values += kBetweenLooks;
    }
    report.tick_count = ticks() - window.begin;
    return report;
  }

  Report consume(const Window& window) {
    Report report;
    const std::uint64_t lost_before = channel_.lost();
    std::uint64_t sum = 0;
    for (;;) {
      const bool all_written = window.all_written();
      const std::size_t count = channel_.pop_some([&sum](const T& value) { sum += value.word[0]; });
      report.values += count;
      if (count == 0 && all_written) break;
    }
    keep_number(sum);
    report.tick_count = ticks() - window.begin;
    report.figures[0] = static_cast<double>(channel_.lost() - lost_before);
    return report;
  }

  Channel channel_;
  Source<T, Made::ahead> source_;
  std::size_t writers_;
  std::size_t consumers_;
  std::uint64_t next_ = 0;
};

template <std::size_t slots>
Rows one_consumer(const Settings& settings, std::size_t writers) {
  using T = Value<64>;
  const std::string name =
      std::to_string(writers) + (writers == 1 ? " writer, " : " writers, ") + size_and_slots(64, slots);
  tell(kW12, name);
  Cast cast;
  const auto add = [&]<class Channel>(const std::string& contestant, std::vector<std::string> against = {}) {
    cast.add(contestant, std::move(against), std::make_unique<ConsumePlay<Channel, T>>(writers, 1, slots), "M/s");
  };
  constexpr Manner kThroughput = Manner::throughput;
  if (writers == 1) {
    const std::string bulk = kSpsc + ", bulk";
    const std::vector<std::string> against{kSpsc, bulk};
    add.template operator()<LosslessChannel<T, Writers::exclusive, kThroughput>>(kLosslessExclusive + ", throughput",
                                                                                 against);
    add.template operator()<LosslessChannel<T, Writers::exclusive>>(kLosslessExclusive + ", latency", against);
    add.template operator()<LosslessChannel<T, Writers::shared, kThroughput>>(kLossless + ", throughput", against);
    add.template operator()<SpscChannel<T, slots, false>>(kSpsc);
    add.template operator()<SpscChannel<T, slots, true>>(bulk);
  } else {
    const std::vector<std::string> against{kQueue, kMessageQueue};
    add.template operator()<LosslessChannel<T, Writers::shared, kThroughput>>(kLossless + ", throughput", against);
    add.template operator()<LosslessChannel<T, Writers::shared>>(kLossless + ", latency", against);
    add.template operator()<LosslessChannel<T, Writers::laned, kThroughput>>(kLosslessLaned + ", throughput", against);
    add.template operator()<QueueChannel<T, slots>>(kQueue);
    add.template operator()<MessageQueueChannel<T, slots>>(kMessageQueue);
  }
  return cast.measure(kW12, name, settings);
}

template <std::size_t slots>
Rows group_of_two(const Settings& settings) {
  using T = Value<64>;
  const std::string name = "1 writer, a group of 2, " + size_and_slots(64, slots);
  tell(kW12, name);
  Cast cast;
  const auto add = [&]<class Channel>(const std::string& contestant, std::vector<std::string> against = {}) {
    cast.add(contestant, std::move(against), std::make_unique<ConsumePlay<Channel, T>>(1, 2, slots), "M/s");
  };
  constexpr Manner kThroughput = Manner::throughput;
  const std::vector<std::string> against{kQueue, kMessageQueue};
  add.template operator()<LosslessChannel<T, Writers::exclusive, kThroughput, Sharing::yes>>(
      kLosslessExclusive + ", throughput", against);
  add.template operator()<LosslessChannel<T, Writers::exclusive, Manner::latency, Sharing::yes>>(
      kLosslessExclusive + ", latency", against);
  add.template operator()<LosslessChannel<T, Writers::shared, kThroughput, Sharing::yes>>(kLossless + ", throughput",
                                                                                          against);
  add.template operator()<QueueChannel<T, slots>>(kQueue);
  add.template operator()<MessageQueueChannel<T, slots>>(kMessageQueue);
  return cast.measure(kW12, name, settings);
}

}  // namespace

Rows lossless(const Settings& settings) {
  Rows rows = one_consumer<1024>(settings, 1);
  append(rows, one_consumer<1024>(settings, 2));
  append(rows, group_of_two<1024>(settings));
  if (settings.at_least(Scope::usual)) append(rows, one_consumer<32768>(settings, 1));
  return rows;
}

}  // namespace arena_shm::bench
