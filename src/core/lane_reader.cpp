#include "arena_shm/core/lane_reader.hpp"

#include <algorithm>
#include <utility>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/read_value.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr int kSpinsBeforeSettling = 64;      // a living writer publishes within nanoseconds
constexpr int kLooksAtSlot = 64;              // a microsecond
constexpr std::uint64_t kFirstSkidPart = 16;  // of a ring
constexpr std::uint64_t kStep = 32;           // what one costs at least

std::uint64_t oldest(std::uint64_t head, std::uint64_t slots) noexcept { return head > slots ? head - slots : 0; }

}  // namespace

std::uint64_t LaneReader::head() const noexcept {
  return std::min(ring().head->load(std::memory_order_acquire), ring().limit);  // T1, M3: W2 or X1 -> here
}

void LaneReader::enter_lap() {
  following_->segment->require_own_process();
  lap_.move_to(cursor_);
}

LaneReader::Stretch LaneReader::stretch(std::uint64_t most) const noexcept {
  if (!lap_.contains(cursor_)) return {};
  const std::uint64_t length = std::min(lap_.end() - cursor_, most);
  std::byte* const slot = lap_.slot(cursor_).begin();
  return {.slot = slot, .end = slot + length * ring().stride_bytes};
}

LaneReader::Look LaneReader::peek(std::uint64_t& time, Effort& effort) {
  for (;;) {
    if (!lap_.contains(cursor_)) enter_lap();
    if (peek_at(lap_.slot(cursor_).begin(), time)) return Look::ready;
    if (const Look look = look_further(effort); look != Look::again) return look;
  }
}

void LaneReader::seek(std::uint64_t number) noexcept {
  cursor_ = number;
  settled_end_ = 0;
  holes_found_ = {0, 0};
  pending_ = kNone;
  skid_ = 0;
  read_when_lapped_ = kNone;
  head_when_lapped_ = 0;
}

LaneReader::Look LaneReader::look() {
  if (!lap_.contains(cursor_)) enter_lap();
  for (Effort effort(kSliceEffort);;) {
    if (ring().slot_of(cursor_).stamp() == done(cursor_)) return Look::ready;
    if (const Look result = look_further(effort); result != Look::again) return result;
  }
}

std::chrono::nanoseconds LaneReader::patience(Clock::time_point now) const noexcept {
  if (pending_ != cursor_) return std::chrono::nanoseconds::max();
  // Where it goes on holding back when the time is over, it looks again now and then.
  constexpr std::chrono::nanoseconds kAgain = std::chrono::milliseconds{1};
  const std::chrono::nanoseconds least = following_->segment->is_lossless() ? kAgain : std::chrono::nanoseconds{0};
  return std::max(following_->hold - (now - pending_since_), least);
}

bool LaneReader::may_be_ready() const noexcept {
  if (!lap_.contains(cursor_)) return true;
  const std::uint64_t stamp = lap_.slot(cursor_).stamp();
  return stamp == done(cursor_) || is_newer(stamp, cursor_);
}

bool LaneReader::comes_soon() const noexcept {
  const Slot slot = ring().slot_of(cursor_);
  for (int look = 0; look < kLooksAtSlot; ++look) {
    const std::uint64_t stamp = slot.stamp();
    if (stamp == done(cursor_) || is_newer(stamp, cursor_)) return true;
    cpu_pause();
  }
  return false;
}

std::uint64_t LaneReader::count_ahead() const noexcept {
  const std::uint64_t now = head();
  return now - std::min(now, cursor_);
}

LaneReader::Look LaneReader::look_further(Effort& effort) {
  if (effort.is_spent()) return Look::tired;
  // Honest seqs between the cursor and head are at most a lap and what is written meanwhile: a step for each is enough.
  // One who is chased must not keep the caller for longer.
  effort.spend(std::max(kStep, kCallEffort / (2 * ring().slot_count + 64) + 1));
  const std::uint64_t stamp = ring().slot_of(cursor_).stamp();
  if (stamp == done(cursor_)) return Look::again;  // published meanwhile, or overwritten in the middle of the copy
  if (!is_newer(stamp, cursor_)) return resolve(effort);
  lapped(stamp, effort);
  return Look::again;
}

void LaneReader::lapped(std::uint64_t stamp, Effort& effort) {
  std::uint64_t oldest_seq = std::max(oldest(head(), ring().slot_count), cursor_ + 1);
  std::uint64_t end = cursor_ + 1;  // the stamp that was seen proves this one
  if (oldest_seq - cursor_ > ring().slot_count) {
    if (!survey(effort)) return;
    end = std::clamp(survey_.first, end, oldest_seq);
    oldest_seq = std::max(oldest(head(), ring().slot_count), end);  // to look at all slots took a while
  }
  // At most a lap, whatever a hostile peer does to the stamps meanwhile. The writer of a lane may be beyond its head
  // (lane_writer.hpp, X1'): then only the slots tell what is the oldest.
  const std::uint64_t head_now = head();
  std::uint64_t begun = stamp_seq(stamp) + 1;
  const bool is_ahead = begun > head_now;
  const std::uint64_t limit = is_ahead ? end + ring().slot_count : std::min(oldest_seq, end + ring().slot_count);
  const std::uint64_t cost = Effort::of_slot(ring().stride_bytes);
  bool is_oldest = false;
  for (; end < limit && effort.try_spend(cost); ++end) {
    const std::uint64_t next = ring().slot_of(end).stamp();
    is_oldest = !is_newer(next, end);
    if (is_oldest) break;
    begun = std::max(begun, stamp_seq(next) + 1);
  }
  lose_up_to(end, Loss::overwritten);
  if (is_ahead ? is_oldest : cursor_ == oldest_seq) jump_ahead(std::min(begun, head_now + ring().slot_count));
}

/// Looks at all slots, on from where the call before became tired: a stamp's seq only grows, so what it proves stays
/// proven. True: survey_.first is the first seq from the cursor on of which they do not prove that it is overwritten.
/// A stamp of seq x proves it for all older ones of its slot: x's writer came when they were finished, skipped or dead.
bool LaneReader::survey(Effort& effort) noexcept {
  if (survey_.cursor != cursor_) survey_ = {.cursor = cursor_};
  const std::uint64_t cost = Effort::of_slot(ring().stride_bytes);
  for (; survey_.looked < ring().slot_count && cursor_ + survey_.looked < survey_.first; ++survey_.looked) {
    if (!effort.try_spend(cost)) return false;
    const std::uint64_t seq = cursor_ + survey_.looked;
    const std::uint64_t stamp = ring().slot_of(seq).stamp();
    const std::uint64_t unproven = stamp == kNeverUsed ? seq : std::max(seq, stamp_seq(stamp));
    survey_.first = std::min(survey_.first, unproven);
  }
  return true;
}

/// From the oldest value, if the reader is chased: it is slower than the writers, and went on right in front of them.
/// That is so if less than a lap was written since the last time, or nothing was read. Halved when a run was longer,
/// and forgotten only by one who catches up: who is too slow once is too slow again, and reads more in few long runs
/// than in many short ones.
void LaneReader::jump_ahead(std::uint64_t begun) {
  if (following_->attendance != nullptr) return;  // what it does not have to lose it does not lose
  const std::uint64_t now = std::max(head(), begun);
  const std::uint64_t written = now - std::min(now, head_when_lapped_);
  const bool chased = written > 0 && (written < ring().slot_count || read_ == read_when_lapped_);
  const std::uint64_t first_skid = std::clamp<std::uint64_t>(written, 1, ring().slot_count / kFirstSkidPart + 1);
  skid_ = chased ? std::min(std::max(skid_ * 2, first_skid), ring().slot_count / 2) : skid_ / 2;
  read_when_lapped_ = read_;
  head_when_lapped_ = now;
  // Without a look at what is passed over: that would take as long as reading it.
  if (skid_ > 0) lose_up_to(cursor_ + skid_, Loss::passed_over);
}

LaneReader::Look LaneReader::resolve(Effort& effort) {
  if (cursor_ >= ring().limit) return Look::nothing;
  const std::uint64_t end = head();                               // T1
  if (end < cursor_ + ring().slot_count / 4 || end <= cursor_) {  // it has caught up: nobody is chased
    skid_ = 0;
    head_when_lapped_ = ring().limit;
  }
  if (end <= cursor_) return Look::nothing;
  if (cursor_ >= settled_end_) {
    effort.spend(Effort::kSpin);
    const Slot slot = ring().slot_of(cursor_);
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
Settlement LaneReader::settle_from_cursor(std::uint64_t end, Effort& effort) {
  seen_.clear();
  return settle(ring(), Claims(ring(), following_->segment->witness(), effort), {cursor_, end}, stuck_, &seen_);
}

/// Counts the holes from the cursor on: those below settled_end_ that no slot shows. If they have been found all
/// around the ring, they go on up to there: a slot that showed nothing as new as its seq of this lap shows none of the
/// next laps.
void LaneReader::lose_holes(Effort& effort) {
  if (holes_found_.end != cursor_) holes_found_ = {cursor_, cursor_};
  const std::uint64_t lap_end = holes_found_.first + ring().slot_count;
  std::uint64_t end = unshown_end(ring(), {cursor_, std::min(lap_end, settled_end_)}, effort);  // T3
  if (end == lap_end) end = settled_end_;
  holes_found_.end = end;
  if (end > cursor_) lose_up_to(end, Loss::hole);
}

LaneReader::Look LaneReader::resolve_pending(const Settlement& settlement, Effort& effort) {
  if (settlement.all_stuck) return pass_over_run(settlement.end, effort);
  const auto now = Clock::now();
  if (pending_ != cursor_) {
    pending_ = cursor_;
    pending_since_ = now;
    std::swap(suspects_, seen_);
    if (following_->hold > std::chrono::nanoseconds{0}) return Look::nothing;
    if (settle_from_cursor(cursor_ + 1, effort).verdict != Verdict::pending) return Look::again;
  }
  if (now - pending_since_ < following_->hold) return Look::nothing;
  if (following_->sets_aside) return Look::overdue;
  if (!may_pass_over(effort)) {
    pending_since_ = now;
    return Look::nothing;
  }
  // Time is over. Who has been in the same word all the while is stuck, and is not waited for again.
  stuck_.add_common(suspects_, seen_);
  pass_over(cursor_ + 1);
  return Look::again;
}

/// In a lossless arena, a writer that waits for room has claimed what it will write there: nothing is to be had by
/// going on without it, unless a later value is there.
bool LaneReader::may_pass_over(Effort& effort) const noexcept {
  if (!following_->segment->is_lossless()) return true;
  if (ring().lane_count > 1) return false;  // of one writer, nothing later is there
  effort.spend(Effort::kSpin);
  const auto newest = newest_of(ring());
  return newest && newest->number > cursor_;
}

void LaneReader::pass_over(std::uint64_t end) {
  if (following_->attendance == nullptr) return lose_up_to(end, Loss::passed_over);
  for (; cursor_ < end; ++cursor_) following_->attendance->goes_without(cursor_);
}

/// The cursor, and what is behind it up to `end`, are pending, and who keeps them is known to be stuck.
LaneReader::Look LaneReader::pass_over_run(std::uint64_t end, Effort& effort) {
  if (!may_pass_over(effort)) {
    pending_ = cursor_;
    pending_since_ = Clock::now();
    return Look::nothing;
  }
  const std::uint64_t lap_end = cursor_ + ring().slot_count;
  const std::uint64_t unshown = unshown_end(ring(), {cursor_ + 1, std::min(lap_end, end)}, effort);
  pass_over(unshown == lap_end ? end : unshown);
  return Look::again;
}

void LaneReader::lose_up_to(std::uint64_t end, Loss cause) {
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

void LaneReader::report_gap() {
  if (!gap_open_) return;
  gap_open_ = false;
  report(gap_);
}

void LaneReader::report(const Gap& gap) {
  if (!following_->report) return;
  const Marked inside(following_->inside);
  following_->report({.first = ring().seq_of(gap.first),
                      .last = ring().seq_of(gap.last),
                      .cause = gap.cause,
                      .step = ring().lane_count});
}

}  // namespace arena_shm::core
