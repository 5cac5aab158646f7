// One member writes as fast as it can, the others read (W2, W5).
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "arena_shm/core/futex.hpp"
#include "bench/channels/channel.hpp"
#include "bench/harness/team.hpp"
#include "bench/harness/values.hpp"

namespace arena_shm::bench {

enum class Asked {
  delivered,  ///< values a second that the reader got, in millions
  cost,       ///< what a value costs the writer, in ns
};

template <class Channel, class T, Asked asked>
class StreamPlay : public Play {
 public:
  template <class... Arguments>
  explicit StreamPlay(std::size_t readers, Arguments&&... arguments)
      : channel_(std::forward<Arguments>(arguments)...), readers_(readers) {}

  std::size_t members() const override { return 1 + readers_; }
  void join(std::size_t member) override { member == 0 ? channel_.join_writer() : channel_.join_reader(); }
  void all_joined() override { channel_.all_joined(); }
  void prepare(std::size_t member) override {
    if (member != 0) empty<Channel, T>(channel_);
  }

  Report run(std::size_t member, const Window& window) override { return member == 0 ? write(window) : read(window); }

  Slice summarize(const std::vector<Report>& reports) const override {
    Slice slice;
    const Report& writer = reports.front();
    slice.empty = writer.values == 0;
    if (slice.empty) return slice;
    const double cost_ns = to_ns(writer.tick_count) / static_cast<double>(writer.values);
    if constexpr (asked == Asked::cost) {
      slice.value = cost_ns;
    } else {
      const Report& reader = reports.back();
      slice.value = static_cast<double>(reader.values) / to_ns(reader.tick_count) * 1000;
      const double lost = reader.figures[0];
      slice.details["written M/s"] = 1000 / cost_ns;
      slice.details["lost %"] = 100 * lost / std::max(lost + static_cast<double>(reader.values), 1.0);
    }
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

  Report read(const Window& window) {
    Report report;
    const std::uint64_t lost_before = channel_.lost();
    std::uint64_t sum = 0;
    const auto use = [&sum](const T& value) { sum += value.word[0]; };
    for (;;) {
      const bool all_written = window.all_written();
      const std::size_t count = channel_.pop_some(use);
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
  std::size_t readers_;
  std::uint64_t next_ = 0;
};

}  // namespace arena_shm::bench
