// How a reader waits: it spins, lets a batch come, sleeps.
#include <pthread.h>

#include <algorithm>
#include <thread>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/reader_core.hpp"
#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {
namespace {

constexpr std::chrono::nanoseconds kLatencySpin = std::chrono::microseconds{100};
constexpr std::chrono::nanoseconds kThroughputSpin = std::chrono::microseconds{50};
constexpr int kLooksAtLanes = 64;     // some microseconds
constexpr int kShortestBackoff = 16;  // in pauses
constexpr int kLongestBackoff = 128;  // some microseconds

}  // namespace

bool ReaderCore::comes_soon() const noexcept {
  if (others_.empty()) return first_.comes_soon();
  for (int look = 0; look < kLooksAtLanes; look += static_cast<int>(lane_count())) {
    if (is_behind()) return true;
    cpu_pause();
  }
  return false;
}

bool ReaderCore::is_behind() const noexcept {
  if (by_time_) return by_time_->may_be_ready();
  if (mine_->is_behind()) return true;
  for (std::uint32_t k = 0; k < lane_count_; ++k) {
    if (k != turn_ && has_news(k)) return true;
  }
  return false;
}

/// Passes the time for which the reader spins before it sleeps; comes back early when there may be something.
void ReaderCore::spin(Clock::time_point deadline) {
  if (manner_ == Manner::latency) {
    const auto end = std::min(deadline, Clock::now() + kLatencySpin);
    while (!comes_soon()) {
      // It may be skipped, then its slot never shows it.
      if (is_behind() || Clock::now() >= end) return;
    }
    return;
  }
  const auto end = std::min(deadline, Clock::now() + kThroughputSpin);
  int pauses = kShortestBackoff;
  while (prospect().is_idle() && Clock::now() < end) {
    for (int i = 0; i < pauses; ++i) cpu_pause();
    pauses = std::min(pauses * 2, kLongestBackoff);
  }
}

std::uint64_t ReaderCore::fullest_lane() const noexcept {
  std::uint64_t most = first_.count_ahead();
  for (const LaneReader& one : others_) most = std::max(most, one.count_ahead());
  return most;
}

/// Keeps away from the writers' heels until a quarter of a ring has come, or some time is over. To look at what has
/// just been written takes lines from the writers; and a processor that reads in a row reads ahead, and takes those
/// that they are about to write. That is paid for once a batch, so it is to be a long one.
void ReaderCore::await_batch(Clock::time_point deadline) {
  const std::uint64_t enough = first_.ring().slot_count / 4;
  if (fullest_lane() > enough) return;
  const auto end = std::min(deadline, Clock::now() + batch_time_);
  while (Clock::now() < end) cpu_pause();
  const std::uint64_t come = fullest_lane();
  if (come == 0 || come > 2 * enough) {
    batch_time_ = std::max(batch_time_ / 2, kShortestBatch);
  } else if (come < enough) {
    batch_time_ = std::min(batch_time_ * 2, kLongestBatch);
  }
}

bool ReaderCore::wait_for(std::chrono::nanoseconds timeout) {
  using std::chrono::nanoseconds;
  if (forked_.holds()) refuse_forked(name());
  // Before the clock is asked, which takes as long as a value's way from the writer.
  if (manner_ == Manner::latency && timeout > nanoseconds{0} && comes_soon() && prospect().is_ready) return true;
  const auto begin = Clock::now();
  const auto forever = Clock::time_point::max();
  const auto deadline = timeout < forever - begin ? begin + timeout : forever;
  if (manner_ == Manner::throughput) await_batch(deadline);
  sleeper_.reset();
  expect_exit(Begins::use);
  const Marked inside(following_.inside);
  for (bool has_spun = false;; has_spun = true) {
    const Prospect before = prospect();
    if (before.is_ready) return true;
    const auto now = Clock::now();
    if (now >= deadline) {
      report_gap();
      return false;
    }
    ::pthread_testcancel();  // nothing is held
    if (before.is_tired) continue;
    if (before.round_patience != nanoseconds::max()) {
      // Not by the doorbell: what is to be waited for is there.
      std::this_thread::sleep_for(std::min<nanoseconds>(deadline - now, before.round_patience));
      continue;
    }
    const bool is_held_up = before.patience != nanoseconds::max();
    if (!is_held_up && !has_spun) {
      spin(deadline);
      continue;
    }
    sleeper_.sleep(std::min<nanoseconds>(deadline - now, before.patience), [this] { return !prospect().is_idle(); });
  }
}

}  // namespace arena_shm::core
