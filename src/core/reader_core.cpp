#include "arena_shm/core/reader_core.hpp"

#include <algorithm>
#include <string>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr int kSpinsBeforeSettling = 64;  // a living writer publishes within nanoseconds
constexpr std::chrono::nanoseconds kLatencySpin = std::chrono::microseconds{100};
constexpr std::chrono::nanoseconds kThroughputSpin = std::chrono::microseconds{50};
constexpr int kShortestBackoff = 16;  // in pauses
constexpr int kLongestBackoff = 128;  // some microseconds

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
      lap_(ring_.slot_count),
      cursor_(from.cursor(std::min(ring_.control->head.load(std::memory_order_acquire), kSeqLimit), ring_.slot_count)),
      sleeper_(options.doorbell ? segment_->doorbell() : nullptr) {
  if (cursor_ <= kSeqLimit) return;
  throw Error(Code::invalid_argument, {.name = segment_->info().name,
                                       .doing = "follow",
                                       .expected = "a sequence number of at most " + std::to_string(kSeqLimit),
                                       .found = std::to_string(cursor_),
                                       .remedy = "begin at one that can be handed out"});
}

/// The first seq in [cursor, end) of which the stamps do not prove that it is overwritten; else `end`.
/// A stamp of seq x proves it for all older ones of its slot: x's writer came when they were finished, skipped or dead.
/// Cost: one look per slot.
std::uint64_t ReaderCore::first_unproven(std::uint64_t end) const noexcept {
  std::uint64_t first = end;
  for (std::uint64_t i = 0; i < ring_.slot_count; ++i) {
    const std::uint64_t seq = cursor_ + i;
    const std::uint64_t stamp = ring_.slot_of(seq).stamp();
    const std::uint64_t unproven = stamp == kNeverUsed ? seq : std::max(seq, stamp_seq(stamp));
    first = std::min(first, unproven);
  }
  return first;
}

void ReaderCore::lapped() {
  const bool again = read_ - read_when_lapped_ < ring_.slot_count / 2;
  read_when_lapped_ = read_;
  skid_ = std::min(again ? std::max<std::uint64_t>(skid_ * 2, 1) : 1, ring_.slot_count / 2);
  const std::uint64_t head = std::min(ring_.control->head.load(std::memory_order_acquire), kSeqLimit);
  const std::uint64_t target = std::max(oldest(head, ring_.slot_count) + skid_, cursor_ + 1);
  std::uint64_t end = cursor_ + 1;  // the stamp that was seen proves this one
  if (target - cursor_ > ring_.slot_count) end = std::max(end, std::min(first_unproven(target), target));
  // At most a lap, whatever a hostile peer does to the stamps meanwhile.
  const std::uint64_t limit = std::min(target, end + ring_.slot_count);
  while (end < limit && is_newer(ring_.slot_of(end).stamp(), end)) ++end;
  lose_up_to(end, Loss::overwritten);
}

bool ReaderCore::resolve() {
  if (cursor_ >= kSeqLimit) return false;
  if (ring_.control->head.load(std::memory_order_acquire) <= cursor_) return false;  // T1
  const Slot slot = ring_.slot_of(cursor_);
  for (int i = 0; i < kSpinsBeforeSettling; ++i) {
    if (slot.stamp() >= done(cursor_) && slot.stamp() != busy(cursor_)) return true;
    cpu_pause();
  }
  const Settlement settlement = settle(ring_, segment_->leases(), cursor_, stuck_);
  switch (settlement.verdict) {
    case Verdict::published:
    case Verdict::overwritten: return true;
    case Verdict::hole: lose_up_to(cursor_ + 1, Loss::hole); return true;
    case Verdict::pending: break;
  }
  return resolve_pending(settlement.all_stuck);
}

bool ReaderCore::resolve_pending(bool all_stuck) {
  if (!all_stuck) {
    const auto now = Clock::now();
    if (pending_seq_ != cursor_) {
      pending_seq_ = cursor_;
      pending_since_ = now;
    }
    if (now - pending_since_ < options_.hold) return false;
    // Time is over. Remember who keeps it, so as not to wait for the same claim again; and look once more on the way.
    const Settlement last = settle(ring_, segment_->leases(), cursor_, stuck_, &stuck_);
    if (last.verdict != Verdict::pending) return true;
  }
  lose_up_to(cursor_ + 1, Loss::passed_over);
  return true;
}

void ReaderCore::lose_up_to(std::uint64_t end, Loss cause) {
  const std::uint64_t first = cursor_;
  const std::uint64_t count = end - first;
  cursor_ = end;
  switch (cause) {
    case Loss::overwritten: overwritten_ += count; break;
    case Loss::hole: holes_ += count; break;
    case Loss::passed_over: passed_over_ += count; break;
  }
  if (gap_open_ && gap_.cause == cause && gap_.last + 1 == first) {
    gap_.last = end - 1;
    return;
  }
  if (gap_open_) close_gap();
  gap_ = {first, end - 1, cause};
  gap_open_ = true;
}

void ReaderCore::close_gap() {
  gap_open_ = false;
  if (report_) report_(gap_);
}

bool ReaderCore::ready() {
  for (int tries = 0; tries < kMaxTries; ++tries) {
    const std::uint64_t stamp = ring_.slot_of(cursor_).stamp();
    if (stamp == done(cursor_)) return true;
    if (is_newer(stamp, cursor_)) {
      lapped();
    } else if (!resolve()) {
      break;
    }
  }
  return false;
}

/// Passes the time for which the reader spins before it sleeps; comes back early when there is something.
void ReaderCore::spin(Clock::time_point deadline) {
  if (options_.manner == Manner::latency) {
    // Only the slot's own line, until its stamp moves: head's line is the writers' hottest.
    const Slot slot = ring_.slot_of(cursor_);
    const std::uint64_t before = slot.stamp();
    const auto end = std::min(deadline, Clock::now() + kLatencySpin);
    for (int i = 1; slot.stamp() == before; ++i) {
      cpu_pause();
      if (i % 256 == 0 && Clock::now() >= end) return;
    }
    return;
  }
  const auto end = std::min(deadline, Clock::now() + kThroughputSpin);
  for (int pauses = kShortestBackoff; !ready() && Clock::now() < end; pauses = std::min(pauses * 2, kLongestBackoff)) {
    for (int i = 0; i < pauses; ++i) cpu_pause();
  }
}

bool ReaderCore::wait_for(std::chrono::nanoseconds timeout) {
  const auto begin = Clock::now();
  const auto forever = Clock::time_point::max();
  const auto deadline = timeout < forever - begin ? begin + timeout : forever;
  if (options_.manner == Manner::throughput) {
    for (int i = 0; i < kLongestBackoff; ++i) cpu_pause();  // let a batch come, away from the writer's heels
  }
  sleeper_.reset();
  for (;;) {
    if (ready()) return true;
    const bool held_back = pending_seq_ == cursor_;
    if (!held_back) spin(deadline);
    if (ready()) return true;
    auto longest = deadline - Clock::now();
    if (longest <= Clock::duration::zero()) {
      if (gap_open_) close_gap();
      return false;
    }
    if (pending_seq_ == cursor_) longest = std::min(longest, pending_since_ + options_.hold - Clock::now());
    if (sleeper_.sleep(longest, [this] { return ready(); })) return true;
  }
}

}  // namespace arena_shm::core
