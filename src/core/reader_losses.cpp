// The reader's cold half: what becomes of the seqs that it does not get.
#include <algorithm>
#include <utility>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/reader_core.hpp"

namespace arena_shm::core {
namespace {

constexpr int kSpinsBeforeSettling = 64;      // a living writer publishes within nanoseconds
constexpr std::uint64_t kFirstSkidPart = 16;  // of a ring
constexpr std::uint64_t kStep = 32;           // what one costs at least

std::uint64_t oldest(std::uint64_t head, std::uint64_t slots) noexcept { return head > slots ? head - slots : 0; }

}  // namespace

std::uint64_t ReaderCore::head() const noexcept {
  return std::min(ring_.head->load(std::memory_order_acquire), kSeqLimit);
}

ReaderCore::Look ReaderCore::look_further(Effort& effort) {
  if (effort.is_spent()) return Look::tired;
  // Honest seqs between the cursor and head are at most a lap and what is written meanwhile: a step for each is enough.
  // One who is chased must not keep the caller for longer.
  effort.spend(std::max(kStep, kCallEffort / (2 * ring_.slot_count + 64) + 1));
  const std::uint64_t stamp = ring_.slot_of(cursor_).stamp();
  if (stamp == done(cursor_)) return Look::again;  // published meanwhile, or overwritten in the middle of the copy
  if (!is_newer(stamp, cursor_)) return resolve(effort);
  lapped(effort);
  return Look::again;
}

void ReaderCore::lapped(Effort& effort) {
  std::uint64_t oldest_seq = std::max(oldest(head(), ring_.slot_count), cursor_ + 1);
  std::uint64_t end = cursor_ + 1;  // the stamp that was seen proves this one
  if (oldest_seq - cursor_ > ring_.slot_count) {
    if (!survey(effort)) return;
    end = std::clamp(survey_.first, end, oldest_seq);
    oldest_seq = std::max(oldest(head(), ring_.slot_count), end);  // to look at all slots took a while
  }
  // At most a lap, whatever a hostile peer does to the stamps meanwhile.
  const std::uint64_t limit = std::min(oldest_seq, end + ring_.slot_count);
  const std::uint64_t cost = Effort::of_slot(ring_.stride_bytes);
  while (end < limit && effort.try_spend(cost) && is_newer(ring_.slot_of(end).stamp(), end)) ++end;
  lose_up_to(end, Loss::overwritten);
  if (cursor_ == oldest_seq) jump_ahead();
}

/// Looks at all slots, on from where the call before became tired: stamps only grow, so what they prove stays proven.
/// True: survey_.first is the first seq from the cursor on of which they do not prove that it is overwritten.
/// A stamp of seq x proves it for all older ones of its slot: x's writer came when they were finished, skipped or dead.
bool ReaderCore::survey(Effort& effort) noexcept {
  if (survey_.cursor != cursor_) survey_ = {.cursor = cursor_};
  const std::uint64_t cost = Effort::of_slot(ring_.stride_bytes);
  for (; survey_.looked < ring_.slot_count && cursor_ + survey_.looked < survey_.first; ++survey_.looked) {
    if (!effort.try_spend(cost)) return false;
    const std::uint64_t seq = cursor_ + survey_.looked;
    const std::uint64_t stamp = ring_.slot_of(seq).stamp();
    const std::uint64_t unproven = stamp == kNeverUsed ? seq : std::max(seq, stamp_seq(stamp));
    survey_.first = std::min(survey_.first, unproven);
  }
  return true;
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

ReaderCore::Look ReaderCore::resolve(Effort& effort) {
  if (cursor_ >= kSeqLimit) return Look::nothing;
  const std::uint64_t end = head();                              // T1
  if (end < cursor_ + ring_.slot_count / 4 || end <= cursor_) {  // it has caught up: nobody is chased
    skid_ = 0;
    head_when_lapped_ = kSeqLimit;
  }
  if (end <= cursor_) return Look::nothing;
  if (cursor_ >= settled_end_) {
    effort.spend(Effort::kSpin);
    const Slot slot = ring_.slot_of(cursor_);
    for (int i = 0; i < kSpinsBeforeSettling; ++i) {
      if (slot.stamp() >= done(cursor_) && slot.stamp() != busy(cursor_)) return Look::again;
      cpu_pause();
    }
    const Settlement settlement = settle_from_cursor(end, effort);
    if (settlement.verdict == Verdict::pending) return resolve_pending(settlement, effort);
    if (settlement.verdict != Verdict::hole) return Look::again;
    settled_end_ = settlement.end;
    holes_found_ = {cursor_, cursor_};
  }
  lose_holes(effort);
  return Look::again;
}

/// T2, and T3 for the cursor; seen_ is what keeps it.
Settlement ReaderCore::settle_from_cursor(std::uint64_t end, Effort& effort) {
  seen_.clear();
  return settle(ring_, Claims(ring_, segment_->witness(), effort), {cursor_, end}, stuck_, &seen_);
}

/// Counts the holes from the cursor on: those below settled_end_ that no slot shows. If they have been found all
/// around the ring, they go on up to there: a slot that showed nothing as new as its seq of this lap shows none of the
/// next laps.
void ReaderCore::lose_holes(Effort& effort) {
  if (holes_found_.end != cursor_) holes_found_ = {cursor_, cursor_};
  const std::uint64_t lap_end = holes_found_.first + ring_.slot_count;
  std::uint64_t end = unshown_end(ring_, {cursor_, std::min(lap_end, settled_end_)}, effort);  // T3
  if (end == lap_end) end = settled_end_;
  holes_found_.end = end;
  if (end > cursor_) lose_up_to(end, Loss::hole);
}

ReaderCore::Look ReaderCore::resolve_pending(const Settlement& settlement, Effort& effort) {
  if (settlement.all_stuck) {
    pass_over_run(settlement.end, effort);
    return Look::again;
  }
  const auto now = Clock::now();
  if (pending_seq_ != cursor_) {
    pending_seq_ = cursor_;
    pending_since_ = now;
    std::swap(suspects_, seen_);
    if (options_.hold > std::chrono::nanoseconds{0}) return Look::nothing;
    if (settle_from_cursor(cursor_ + 1, effort).verdict != Verdict::pending) return Look::again;
  }
  if (now - pending_since_ < options_.hold) return Look::nothing;
  // Time is over. Who has been in the same word all the while is stuck, and is not waited for again.
  stuck_.add_common(suspects_, seen_);
  lose_up_to(cursor_ + 1, Loss::passed_over);
  return Look::again;
}

/// The cursor, and what is behind it up to `end`, are pending, and who keeps them is known to be stuck.
void ReaderCore::pass_over_run(std::uint64_t end, Effort& effort) {
  const std::uint64_t lap_end = cursor_ + ring_.slot_count;
  const std::uint64_t unshown = unshown_end(ring_, {cursor_ + 1, std::min(lap_end, end)}, effort);
  lose_up_to(unshown == lap_end ? end : unshown, Loss::passed_over);
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
  if (std::exchange(gap_open_, true)) report(before);
}

void ReaderCore::close_gap() {
  gap_open_ = false;
  report(gap_);
}

void ReaderCore::report(const Gap& gap) {
  if (!report_) return;
  const Marked inside(inside_);
  report_(gap);
}

}  // namespace arena_shm::core
