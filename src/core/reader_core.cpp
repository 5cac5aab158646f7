#include "arena_shm/core/reader_core.hpp"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <utility>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr std::chrono::nanoseconds kLatencySpin = std::chrono::microseconds{100};
constexpr std::chrono::nanoseconds kThroughputSpin = std::chrono::microseconds{50};
constexpr int kLooksAtSlot = 64;      // a microsecond
constexpr int kShortestBackoff = 16;  // in pauses
constexpr int kLongestBackoff = 128;  // some microseconds

}  // namespace

ReadStatus status_of_unseen(const Segment& segment, std::uint64_t seq) {
  const Ring& ring = segment.ring();
  segment.require_own_process();
  if (ring.head->load(std::memory_order_acquire) <= seq) return ReadStatus::not_yet;  // T1

  Effort effort(0);  // one scan, whatever it takes
  switch (settle(ring, Claims(ring, segment.witness(), effort), {seq, seq + 1}, {}).verdict) {
    case Verdict::published: return ReadStatus::ok;
    case Verdict::overwritten: return ReadStatus::overwritten;
    case Verdict::hole: return ReadStatus::hole;
    case Verdict::pending: break;
  }
  return ReadStatus::pending;
}

ReaderCore::ReaderCore(std::shared_ptr<const Segment> segment, From from, const ReaderOptions& options)
    : segment_((segment->require_own_process(), std::move(segment))),
      ring_(segment_->ring()),
      options_(options),
      lap_(ring_),
      cursor_(from.cursor(std::min(ring_.head->load(std::memory_order_acquire), kSeqLimit), ring_.slot_count)),
      doorbell_(options.doorbell ? segment_->doorbell() : nullptr),
      sleeper_(doorbell_),
      forked_([](void* reader) noexcept { static_cast<ReaderCore*>(reader)->lap_.close(); }, this) {
  expect_exit(Begins::handle);
  options_.hold =
      std::max<std::chrono::nanoseconds>(options_.hold, {});  // what is subtracted from it is never negative
  if (cursor_ <= kSeqLimit) return;
  throw Error(Code::invalid_argument, {.name = segment_->info().name,
                                       .doing = "follow",
                                       .expected = "a sequence number of at most " + std::to_string(kSeqLimit),
                                       .found = std::to_string(cursor_),
                                       .remedy = "begin at a smaller sequence number"});
}

ReaderCore::~ReaderCore() {
  if (is_in_a_set()) membership_.leave(membership_.set, *this);
}

void ReaderCore::enter_lap() {
  if (forked_.holds()) refuse_forked(segment_->info().name);
  lap_.move_to(cursor_);
}

ReaderCore::Look ReaderCore::look() {
  for (Effort effort(kSliceEffort);;) {
    if (ring_.slot_of(cursor_).stamp() == done(cursor_)) return Look::ready;
    if (const Look result = look_further(effort); result != Look::again) return result;
  }
}

/// Looks at the cursor's slot, and at nothing else: head's line is the writers' hottest. True: it shows the cursor's
/// value, or a newer one.
bool ReaderCore::comes_soon() const noexcept {
  const Slot slot = ring_.slot_of(cursor_);
  for (int look = 0; look < kLooksAtSlot; ++look) {
    const std::uint64_t stamp = slot.stamp();
    if (stamp == done(cursor_) || is_newer(stamp, cursor_)) return true;
    cpu_pause();
  }
  return false;
}

/// Passes the time for which the reader spins before it sleeps; comes back early when there may be something.
void ReaderCore::spin(Clock::time_point deadline) {
  if (options_.manner == Manner::latency) {
    const auto end = std::min(deadline, Clock::now() + kLatencySpin);
    while (!comes_soon()) {
      // It may be skipped, then its slot never shows it.
      if (ring_.head->load(std::memory_order_relaxed) > cursor_ || Clock::now() >= end) return;
    }
    return;
  }
  const auto end = std::min(deadline, Clock::now() + kThroughputSpin);
  int pauses = kShortestBackoff;
  while (look() == Look::nothing && Clock::now() < end) {
    for (int i = 0; i < pauses; ++i) cpu_pause();
    pauses = std::min(pauses * 2, kLongestBackoff);
  }
}

/// Values that have been handed out, and not read.
std::uint64_t ReaderCore::count_ahead() const noexcept {
  const std::uint64_t now = head();
  return now - std::min(now, cursor_);
}

/// Keeps away from the writers' heels until a quarter of the ring has come, or some time is over. To look at what has
/// just been written takes lines from the writers; and a processor that reads in a row reads ahead, and takes those
/// that they are about to write. That is paid for once a batch, so it is to be a long one.
void ReaderCore::await_batch(Clock::time_point deadline) {
  const std::uint64_t enough = ring_.slot_count / 4;
  if (count_ahead() > enough) return;
  const auto end = std::min(deadline, Clock::now() + batch_time_);
  while (Clock::now() < end) cpu_pause();
  const std::uint64_t come = count_ahead();
  if (come == 0 || come > 2 * enough) {
    batch_time_ = std::max(batch_time_ / 2, kShortestBatch);
  } else if (come < enough) {
    batch_time_ = std::min(batch_time_ * 2, kLongestBatch);
  }
}

ReaderCore::Prospect ReaderCore::prospect() {
  if (!lap_.contains(cursor_)) enter_lap();
  switch (look()) {
    case Look::ready: return {.is_ready = true};
    case Look::tired: return {.is_tired = true};
    default: break;
  }
  if (pending_seq_ != cursor_) return {};
  return {.patience = std::max<std::chrono::nanoseconds>(options_.hold - (Clock::now() - pending_since_), {})};
}

bool ReaderCore::may_be_ready() const noexcept {
  if (!lap_.contains(cursor_)) return true;
  const std::uint64_t stamp = lap_.slot(cursor_).stamp();
  return stamp == done(cursor_) || is_newer(stamp, cursor_);
}

void ReaderCore::report_gap() {
  if (gap_open_) close_gap();
}

bool ReaderCore::wait_for(std::chrono::nanoseconds timeout) {
  using std::chrono::nanoseconds;
  if (!lap_.contains(cursor_)) enter_lap();
  // Before the clock is asked, which takes as long as a value's way from the writer.
  if (options_.manner == Manner::latency && timeout > nanoseconds{0} && comes_soon() && look() == Look::ready)
    return true;
  const auto begin = Clock::now();
  const auto forever = Clock::time_point::max();
  const auto deadline = timeout < forever - begin ? begin + timeout : forever;
  if (options_.manner == Manner::throughput) await_batch(deadline);
  sleeper_.reset();
  expect_exit(Begins::use);
  const Marked inside(inside_);
  for (bool has_spun = false;; has_spun = true) {
    const Look before = look();
    if (before == Look::ready) return true;
    const auto now = Clock::now();
    if (now >= deadline) {
      if (gap_open_) close_gap();
      return false;
    }
    ::pthread_testcancel();  // nothing is held
    if (before == Look::tired) continue;
    std::chrono::nanoseconds longest = deadline - now;
    if (pending_seq_ == cursor_) {
      longest = std::min<std::chrono::nanoseconds>(longest, options_.hold - (now - pending_since_));
    } else if (!has_spun) {
      spin(deadline);
      continue;
    }
    sleeper_.sleep(longest, [this] { return look() != Look::nothing; });
  }
}

}  // namespace arena_shm::core
