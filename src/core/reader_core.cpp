#include "arena_shm/core/reader_core.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr int kSpinsBeforeSettling = 64;  // a living writer publishes within nanoseconds
constexpr std::chrono::nanoseconds kLatencySpin = std::chrono::microseconds{100};
constexpr std::chrono::nanoseconds kThroughputSpin = std::chrono::microseconds{50};
constexpr int kLooksAtSlot = 64;              // a microsecond
constexpr int kShortestBackoff = 16;          // in pauses
constexpr int kLongestBackoff = 128;          // some microseconds
constexpr std::uint64_t kFirstSkidPart = 16;  // of a ring

std::uint64_t oldest(std::uint64_t head, std::uint64_t slots) noexcept { return head > slots ? head - slots : 0; }

}  // namespace

ReadStatus status_of_unseen(const Segment& segment, std::uint64_t seq) {
  const Ring& ring = segment.ring();
  if (ring.control->head.load(std::memory_order_acquire) <= seq) return ReadStatus::not_yet;  // T1
  switch (settle(ring, segment.leases(), seq, {}).verdict) {
    case Verdict::published: return ReadStatus::ok;
    case Verdict::overwritten: return ReadStatus::overwritten;
    case Verdict::hole: return ReadStatus::hole;
    case Verdict::pending: break;
  }
  return ReadStatus::pending;
}

ReaderCore::ReaderCore(std::shared_ptr<const Segment> segment, From from, const ReaderOptions& options)
    : segment_(std::move(segment)),
      ring_(segment_->ring()),
      options_(options),
      lap_(ring_),
      cursor_(from.cursor(std::min(ring_.control->head.load(std::memory_order_acquire), kSeqLimit), ring_.slot_count)),
      sleeper_(options.doorbell ? segment_->doorbell() : nullptr) {
  options_.hold =
      std::max<std::chrono::nanoseconds>(options_.hold, {});  // what is subtracted from it is never negative
  if (cursor_ <= kSeqLimit) return;
  throw Error(Code::invalid_argument, {.name = segment_->info().name,
                                       .doing = "follow",
                                       .expected = "a sequence number of at most " + std::to_string(kSeqLimit),
                                       .found = std::to_string(cursor_),
                                       .remedy = "begin at one that can be handed out"});
}

/// The first seq in [cursor, end) of which the stamps do not prove that it is overwritten; else `end`.
/// A stamp of seq x proves it for all older ones of its slot: x's writer came when they were finished, skipped or dead.
/// Cost: one look per slot at most.
std::uint64_t ReaderCore::first_unproven(std::uint64_t end) const noexcept {
  std::uint64_t first = end;
  for (std::uint64_t i = 0; i < ring_.slot_count && cursor_ + i < first; ++i) {
    const std::uint64_t seq = cursor_ + i;
    const std::uint64_t stamp = ring_.slot_of(seq).stamp();
    const std::uint64_t unproven = stamp == kNeverUsed ? seq : std::max(seq, stamp_seq(stamp));
    first = std::min(first, unproven);
  }
  return first;
}

std::uint64_t ReaderCore::head() const noexcept {
  return std::min(ring_.control->head.load(std::memory_order_acquire), kSeqLimit);
}

ReaderCore::Look ReaderCore::look_further(std::uint64_t& steps) {
  // Honest seqs between the cursor and head are at most a lap and what is written meanwhile; but one who is chased, or
  // a head that a hostile peer has stored, must not keep the caller for ever.
  if (++steps > 2 * ring_.slot_count + 64) return Look::tired;
  const std::uint64_t stamp = ring_.slot_of(cursor_).stamp();
  if (stamp == done(cursor_)) return Look::again;  // published meanwhile, or overwritten in the middle of the copy
  if (!is_newer(stamp, cursor_)) return resolve();
  lapped();
  return Look::again;
}

ReaderCore::Look ReaderCore::look() {
  for (std::uint64_t steps = 0;;) {
    if (ring_.slot_of(cursor_).stamp() == done(cursor_)) return Look::ready;
    if (const Look result = look_further(steps); result != Look::again) return result;
  }
}

void ReaderCore::lapped() {
  std::uint64_t oldest_seq = std::max(oldest(head(), ring_.slot_count), cursor_ + 1);
  std::uint64_t end = cursor_ + 1;  // the stamp that was seen proves this one
  if (oldest_seq - cursor_ > ring_.slot_count) {
    end = std::max(end, first_unproven(oldest_seq));
    oldest_seq = std::max(oldest(head(), ring_.slot_count), end);  // to look at all slots took a while
  }
  // At most a lap, whatever a hostile peer does to the stamps meanwhile.
  const std::uint64_t limit = std::min(oldest_seq, end + ring_.slot_count);
  while (end < limit && is_newer(ring_.slot_of(end).stamp(), end)) ++end;
  lose_up_to(end, Loss::overwritten);
  if (cursor_ == oldest_seq) jump_ahead();
}

/// From the oldest value, if the reader is chased: it is slower than the writers, and went on right in front of them.
/// That is so if less than a lap was written since the last time, or nothing was read. Halved when a run was longer,
/// and forgotten only by one who catches up: who is too slow once is too slow again, and reads more in few long runs
/// than in many short ones.
void ReaderCore::jump_ahead() {
  const std::uint64_t now = head();
  const std::uint64_t written = now - std::min(now, head_when_lapped_);
  const bool chased = written > 0 && (written < ring_.slot_count || read_ == read_when_lapped_);
  const std::uint64_t first_skid = std::clamp<std::uint64_t>(written, 1, ring_.slot_count / kFirstSkidPart + 1);
  skid_ = chased ? std::min(std::max(skid_ * 2, first_skid), ring_.slot_count / 2) : skid_ / 2;
  read_when_lapped_ = read_;
  head_when_lapped_ = now;
  // Without a look at what is passed over: that would take as long as reading it.
  if (skid_ > 0) lose_up_to(cursor_ + skid_, Loss::passed_over);
}

ReaderCore::Look ReaderCore::resolve() {
  if (cursor_ >= kSeqLimit) return Look::nothing;
  const std::uint64_t end = ring_.control->head.load(std::memory_order_acquire);  // T1
  if (end < cursor_ + ring_.slot_count / 4 || end <= cursor_) {                   // it has caught up: nobody is chased
    skid_ = 0;
    head_when_lapped_ = kSeqLimit;
  }
  if (end <= cursor_) return Look::nothing;
  const Slot slot = ring_.slot_of(cursor_);
  for (int i = 0; i < kSpinsBeforeSettling; ++i) {
    if (slot.stamp() >= done(cursor_) && slot.stamp() != busy(cursor_)) return Look::again;
    cpu_pause();
  }
  const Settlement settlement = settle(ring_, segment_->leases(), cursor_, stuck_);
  switch (settlement.verdict) {
    case Verdict::published:
    case Verdict::overwritten: return Look::again;
    case Verdict::hole: lose_up_to(cursor_ + 1, Loss::hole); return Look::again;
    case Verdict::pending: break;
  }
  return resolve_pending(settlement.all_stuck);
}

ReaderCore::Look ReaderCore::resolve_pending(bool all_stuck) {
  if (!all_stuck) {
    const auto now = Clock::now();
    if (pending_seq_ != cursor_) {
      pending_seq_ = cursor_;
      pending_since_ = now;
      suspects_.clear();
      settle(ring_, segment_->leases(), cursor_, stuck_, &suspects_);
    }
    if (now - pending_since_ < options_.hold) return Look::nothing;
    // Time is over. Who has been in the same word all the while is stuck, and is not waited for again.
    StuckClaims last;
    if (settle(ring_, segment_->leases(), cursor_, stuck_, &last).verdict != Verdict::pending) return Look::again;
    stuck_.add_common(suspects_, last);
  }
  lose_up_to(cursor_ + 1, Loss::passed_over);
  return Look::again;
}

void ReaderCore::lose_up_to(std::uint64_t end, Loss cause) {
  const Gap lost{cursor_, end - 1, cause};
  cursor_ = end;
  switch (cause) {
    case Loss::overwritten: overwritten_ += lost.count(); break;
    case Loss::hole: holes_ += lost.count(); break;
    case Loss::passed_over: passed_over_ += lost.count(); break;
  }
  if (gap_open_ && gap_.cause == cause && gap_.last + 1 == lost.first) {
    gap_.last = lost.last;
    return;
  }
  const Gap before = std::exchange(gap_, lost);
  if (std::exchange(gap_open_, true) && report_) report_(before);
}

void ReaderCore::close_gap() {
  gap_open_ = false;
  if (report_) report_(gap_);
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
      if (ring_.control->head.load(std::memory_order_relaxed) > cursor_ || Clock::now() >= end) return;
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

bool ReaderCore::wait_for(std::chrono::nanoseconds timeout) {
  using std::chrono::nanoseconds;
  // Before the clock is asked, which takes as long as a value's way from the writer.
  if (options_.manner == Manner::latency && timeout > nanoseconds{0} && comes_soon() && look() == Look::ready)
    return true;
  const auto begin = Clock::now();
  const auto forever = Clock::time_point::max();
  const auto deadline = timeout < forever - begin ? begin + timeout : forever;
  if (options_.manner == Manner::throughput) await_batch(deadline);
  sleeper_.reset();
  for (bool has_spun = false;; has_spun = true) {
    const Look before = look();
    if (before == Look::ready) return true;
    const auto now = Clock::now();
    if (now >= deadline) {
      if (gap_open_) close_gap();
      return false;
    }
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
