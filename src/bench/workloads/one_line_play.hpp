// Both ways of a ping-pong on one and the same cache line: the fastest that two CPUs can answer each other. No ring can
// do that, for its two ways are two rings; it is the physical limit.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "arena_shm/core/futex.hpp"
#include "bench/harness/shared_block.hpp"
#include "bench/workloads/latency_plays.hpp"

namespace arena_shm::bench {

class OneLinePlay : public Play {
 public:
  std::size_t writers() const override { return 2; }
  void join(std::size_t) override {}
  Report run(std::size_t member, const Window& window) override { return member == 0 ? ping(window) : pong(); }
  Slice summarize(const std::vector<Report>& reports) const override { return slice_of(reports.front()); }

 private:
  struct Line {
    alignas(128) std::atomic<std::uint64_t> word{0};  // odd: there; even: back
  };

  Report ping(const Window& window) {
    latencies_.clear();
    for (std::uint64_t before = ticks(); before < window.stop;) {
      line_->word.store(++count_, std::memory_order_release);
      ++count_;
      while (line_->word.load(std::memory_order_acquire) != count_) core::cpu_pause();
      const std::uint64_t now = ticks();
      latencies_.add(now - before);
      before = now;
    }
    line_->word.store(kEnd, std::memory_order_release);
    Report report;
    report.values = latencies_.size();
    put(report, latencies_.percentiles(2));
    return report;
  }

  Report pong() {
    for (;;) {
      std::uint64_t word = line_->word.load(std::memory_order_acquire);
      for (; word % 2 == 0; word = line_->word.load(std::memory_order_acquire)) core::cpu_pause();
      if (word == kEnd) {
        line_->word.store(0, std::memory_order_release);
        return {};
      }
      line_->word.store(word + 1, std::memory_order_release);
    }
  }

  Shared<Line> line_;
  Latencies latencies_;
  std::uint64_t count_ = 0;
};

}  // namespace arena_shm::bench
