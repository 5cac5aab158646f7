// How long a value travels (W3, W6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>

#include "arena_shm/core/futex.hpp"
#include "bench/channels/channel.hpp"
#include "bench/harness/ping_pong.hpp"
#include "bench/harness/team.hpp"
#include "bench/harness/values.hpp"

namespace arena_shm::bench {

/// The first word of a value that ends a slice.
inline constexpr std::uint64_t kEnd = ~std::uint64_t{0};

enum class Wait { spinning, sleeping };

/// Everybody pauses between two looks, as the probe does: who looks without a break takes the line from the one who is
/// about to write it, and waits longer.
template <Wait wait, class Channel, class Use>
void take_one(Channel& channel, Use&& use) {
  if constexpr (wait == Wait::sleeping) {
    channel.wait_pop(use);
  } else {
    while (!channel.pop(use)) core::cpu_pause();
  }
}

inline void put(Report& report, const Percentiles& percentiles) {
  report.figures[0] = percentiles.p50;
  report.figures[1] = percentiles.p90;
  report.figures[2] = percentiles.p99;
  report.figures[3] = percentiles.p999;
}

inline Slice slice_of(const Report& report) {
  Slice slice;
  slice.value = report.figures[0];
  slice.details["p90"] = report.figures[1];
  slice.details["p99"] = report.figures[2];
  slice.details["p99.9"] = report.figures[3];
  slice.empty = report.values == 0;
  return slice;
}

/// There and back through two channels; half the time of a round trip.
template <class Channel, class T, Wait wait>
class PingPongPlay : public Play {
 public:
  explicit PingPongPlay(std::size_t slots) : there_(slots), back_(slots) {}

  std::size_t writers() const override { return 2; }
  void join(std::size_t member) override {
    mine(member).join_writer();
    theirs(member).join_reader();
  }
  void all_joined() override {
    there_.all_joined();
    back_.all_joined();
  }
  void prepare(std::size_t member) override { empty<Channel, T>(theirs(member)); }
  Report run(std::size_t member, const Window& window) override { return member == 0 ? ping(window) : pong(); }
  Slice summarize(const std::vector<Report>& reports) const override { return slice_of(reports.front()); }

 private:
  Channel& mine(std::size_t member) { return member == 0 ? there_ : back_; }
  Channel& theirs(std::size_t member) { return member == 0 ? back_ : there_; }

  Report ping(const Window& window) {
    latencies_.clear();
    T value{};
    std::uint64_t before = ticks();
    while (before < window.stop) {
      value.word[0] = ++trips_;
      while (!there_.push(value)) continue;
      std::uint64_t answer = 0;
      take_one<wait>(back_, [&](const T& got) { answer = got.word[0]; });
      if (answer != trips_) throw std::runtime_error("a value came back wrong");
      const std::uint64_t now = ticks();
      latencies_.add(now - before);
      before = now;
    }
    value.word[0] = kEnd;
    while (!there_.push(value)) continue;
    Report report;
    report.values = latencies_.size();
    put(report, latencies_.percentiles(2));
    return report;
  }

  Report pong() {
    T value{};
    for (;;) {
      take_one<wait>(there_, [&](const T& got) { value.word[0] = got.word[0]; });
      if (value.word[0] == kEnd) return {};
      while (!back_.push(value)) continue;
    }
  }

  Channel there_;
  Channel back_;
  Latencies latencies_;
  std::uint64_t trips_ = 0;
};

/// One way, every now and then: the reader compares its own clock with the writer's.
template <class Channel, class T, Wait wait>
class PacedPlay : public Play {
 public:
  PacedPlay(std::size_t slots, Nanoseconds pace) : channel_(slots), pace_(pace) {}

  void join(std::size_t member) override { member == 0 ? channel_.join_writer() : channel_.join_reader(); }
  void all_joined() override { channel_.all_joined(); }
  void prepare(std::size_t member) override {
    if (member != 0) empty<Channel, T>(channel_);
  }
  Report run(std::size_t member, const Window& window) override { return member == 0 ? send(window) : receive(); }
  Slice summarize(const std::vector<Report>& reports) const override {
    Slice slice = slice_of(reports.back());
    slice.details["writer p50"] = reports.front().figures[0];
    slice.details["writer p99"] = reports.front().figures[2];
    return slice;
  }

 private:
  Report send(const Window& window) {
    latencies_.clear();
    const std::uint64_t pace = to_ticks(pace_);
    T value{};
    for (std::uint64_t next = window.begin + pace; next < window.stop; next += pace) {
      while (ticks() < next) continue;
      value.word[0] = ticks();
      while (!channel_.push(value)) continue;
      latencies_.add(ticks_after_all() - value.word[0]);
    }
    while (ticks() < window.stop + pace) continue;
    value.word[0] = kEnd;
    while (!channel_.push(value)) continue;
    Report report;
    put(report, latencies_.percentiles());
    return report;
  }

  Report receive() {
    latencies_.clear();
    for (;;) {
      std::uint64_t sent = 0;
      take_one<wait>(channel_, [&](const T& got) { sent = got.word[0]; });
      if (sent == kEnd) break;
      const std::uint64_t now = ticks_after_all();
      latencies_.add(now > sent ? now - sent : 0);  // 0: the CPUs' clocks disagree
    }
    Report report;
    report.values = latencies_.size();
    put(report, latencies_.percentiles());
    return report;
  }

  Channel channel_;
  Nanoseconds pace_;
  Latencies latencies_;
};

}  // namespace arena_shm::bench
