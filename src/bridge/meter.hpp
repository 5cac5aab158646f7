// How a forwarder is doing: for those who watch it from another thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "bridge/message.hpp"

namespace arena_shm::bridge {

enum class ForwarderState : std::uint8_t { waiting, connecting, forwarding, standing_by };

struct Reading {
  ForwarderState state = ForwarderState::waiting;
  std::uint64_t values = 0;  ///< delivered by this process
  std::uint64_t messages = 0;
  std::optional<std::uint64_t> last_seq{};  ///< of the newest value that was delivered
  std::optional<std::int64_t> newest_ns{};  ///< when that was appended, or, in a ring without times, read; since 1970
  std::uint64_t head = 0;                   ///< how many numbers the ring has handed out
  std::uint64_t lag = 0;                    ///< how many of them the stream does not account for
  std::chrono::nanoseconds lag_time{0};     ///< how long the oldest of them has been there
  Tally tally{};                            ///< of the epoch, as the stream has it
  Tally own{};                              ///< what this process has added
  std::uint64_t before = 0;  ///< of these, overwritten before this process had anything to do with the arena
  std::uint64_t reconnects = 0;

  /// What this process could not deliver.
  std::uint64_t lost() const noexcept { return own.lost() - before; }
};

/// Thread safety: all.
class Meter {
 public:
  using Clock = std::chrono::steady_clock;

  Reading read() const {
    const std::lock_guard lock(mutex_);
    Reading reading = reading_;
    if (!seen_.empty()) reading.lag_time = Clock::now() - seen_.front().second;
    return reading;
  }
  template <class Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change(reading_);
  }
  /// The ring has handed out so many, and the stream accounts for so many.
  void see(std::uint64_t head, std::uint64_t accounted) {
    const std::lock_guard lock(mutex_);
    if (head < reading_.head) seen_.clear();  // of another ring
    if (head > accounted && (seen_.empty() || head > seen_.back().first)) seen_.emplace_back(head, Clock::now());
    while (!seen_.empty() && seen_.front().first <= accounted) seen_.pop_front();
    if (seen_.size() > kMostSeen) seen_.pop_back();
    reading_.head = head;
    reading_.lag = head > accounted ? head - accounted : 0;
  }

 private:
  static constexpr std::size_t kMostSeen = 4096;

  mutable std::mutex mutex_;
  Reading reading_;
  std::deque<std::pair<std::uint64_t, Clock::time_point>> seen_;  // heads, and when they were first seen
};

}  // namespace arena_shm::bridge
