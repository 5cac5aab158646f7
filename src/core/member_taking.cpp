// How a member takes values: T1 to T4, and what stands in the way of it.
#include <algorithm>

#include "arena_shm/core/claims.hpp"
#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/member_core.hpp"
#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint32_t kTakesPerLook = 4096;  // so often it looks after others where it is never idle
constexpr int kSpinsBeforeScan = 64;           // a living writer publishes within nanoseconds

}  // namespace

bool MemberCore::find(std::uint64_t wanted) {
  if (++takes_ >= kTakesPerLook && may_look_after_others() && take_over_any()) return true;
  if (find_in_lanes(wanted)) return true;
  is_idle();
  if (aside_ != kHoldsNothing) settle_aside(Thorough::yes);
  return may_look_after_others() && take_over_any();
}

void MemberCore::turn_to_next_lane() noexcept {
  turn_ = turn_ + 1 == rings_.size() ? 0 : turn_ + 1;
  run_ = 0;
}

bool MemberCore::find_in_lanes(std::uint64_t wanted) {
  Effort effort = ReaderCore::effort_of_a_call();
  if (run_ >= longest_run_) turn_to_next_lane();
  for (std::size_t left = rings_.size(); left > 0 && !effort.is_spent() && !was_evicted_; --left) {
    if (look_at(turn_, wanted, effort) == Look::ready) {
      ++run_;
      return true;
    }
    turn_to_next_lane();
  }
  return false;
}

MemberCore::Look MemberCore::look_at(std::uint32_t lane, std::uint64_t wanted, Effort& effort) {
  const Ring& ring = rings_[lane];
  Lap& lap = laps_[lane];
  while (!effort.is_spent()) {
    const std::uint64_t number = next_of(lane).load(std::memory_order_acquire);  // T1
    if (number >= ring.limit) return Look::nothing;
    if (!lap.contains(number)) lap.move_to(number);
    const std::uint64_t stamp = lap.slot(number).stamp();  // T2
    Look look = Look::ready;
    if (stamp == done(number)) [[likely]] {
      if (wanted > 0) look = claim(lane, number, wanted);
    } else if (is_newer(stamp, number)) {
      look = lapped(lane, number, effort);
    } else {
      look = resolve(lane, number, wanted > 0, effort);
    }
    if (look != Look::again) return look;
    effort.spend(Effort::kSeat);  // others are faster, for once
  }
  return Look::tired;
}

/// T3 and T4. Requires: `number` is published.
MemberCore::Look MemberCore::claim(std::uint32_t lane, std::uint64_t number, std::uint64_t wanted) {
  const Ring& ring = rings_[lane];
  std::uint64_t count = 1;
  while (count < wanted && number + count < ring.limit &&
         ring.slot_of(number + count).stamp() == done(number + count))  // T2
    ++count;
  const std::uint64_t word = held(ring.seq_of(number), count);
  if (!put(Word::claim, word)) return Look::nothing;  // T3
  std::uint64_t expected = number;
  if (!next_of(lane).compare_exchange_strong(expected, number + count, std::memory_order_acq_rel)) {  // T4
    claim_is_done_ = true;
    return Look::again;
  }
  ARENA_SHM_STOP_POINT(member_taken);
  lane_ = lane;
  at_ = number;
  end_ = number + count;
  claim_is_done_ = false;
  claim_is_redelivered_ = false;
  return Look::ready;
}

/// The stamp at `next` is newer: the group had been evicted, or began with what was about to be overwritten. Goes on
/// behind what the slots prove to be lost, as LaneReader does.
MemberCore::Look MemberCore::lapped(std::uint32_t lane, std::uint64_t number, Effort& effort) {
  const Ring& ring = rings_[lane];
  if (next_of(lane).load(std::memory_order_acquire) != number) return Look::again;
  const std::uint64_t head = std::min(ring.head->load(std::memory_order_acquire), ring.limit);
  std::uint64_t end = number + 1;
  if (head > number && head - number > ring.slot_count) {
    // A stamp proves it for all older numbers of its slot.
    std::uint64_t first = kNone;
    for (std::uint64_t seq = number; seq < number + ring.slot_count && seq < first; ++seq) {
      const std::uint64_t stamp = ring.slot_of(seq).stamp();
      first = std::min(first, stamp == kNeverUsed ? seq : std::max(seq, stamp_seq(stamp)));
    }
    end = std::clamp(first, end, head);
  }
  // At most a lap, whatever a hostile peer does to the stamps meanwhile.
  const std::uint64_t limit = std::min(head, end + ring.slot_count);
  while (end < limit && is_newer(ring.slot_of(end).stamp(), end)) ++end;
  effort.spend(Effort::of_slot(ring.stride_bytes) * std::min(end - number, ring.slot_count));
  std::uint64_t expected = number;
  const bool is_mine = next_of(lane).compare_exchange_strong(expected, end, std::memory_order_acq_rel);
  room_.ring();
  if (is_mine) lose(ring, {number, end}, Loss::overwritten);  // may throw
  return Look::again;
}

MemberCore::Look MemberCore::resolve(std::uint32_t lane, std::uint64_t number, bool takes, Effort& effort) {
  const Ring& ring = rings_[lane];
  const std::uint64_t head = std::min(ring.head->load(std::memory_order_acquire), ring.limit);
  if (head <= number) return Look::nothing;
  effort.spend(Effort::kSpin);
  const Slot slot = ring.slot_of(number);
  for (int i = 0; i < kSpinsBeforeScan; ++i) {
    if (slot.stamp() >= done(number) && slot.stamp() != busy(number)) return Look::again;
    cpu_pause();
  }
  const Settlement settlement = settle(ring, Claims(ring, segment().witness(), effort), {number, head}, {});
  if (settlement.verdict == Verdict::pending) return put_aside(lane, number, takes);
  if (settlement.verdict != Verdict::hole) return Look::again;
  const std::uint64_t lap_end = std::min(settlement.end, number + ring.slot_count);
  const std::uint64_t end = unshown_end(ring, {number, lap_end}, effort);
  std::uint64_t expected = number;
  if (end > number && next_of(lane).compare_exchange_strong(expected, end, std::memory_order_acq_rel)) {  // H1
    ARENA_SHM_STOP_POINT(member_hole);
    room_.ring();
    lose(ring, {number, end}, Loss::hole);  // may throw
  }
  return Look::again;
}

/// T1 to T4, of a value that is pending for long, with the other word.
MemberCore::Look MemberCore::put_aside(std::uint32_t lane, std::uint64_t number, bool takes) {
  const Ring& ring = rings_[lane];
  if (ring.lane_count > 1 || aside_ != kHoldsNothing) return Look::pending;
  const auto now = Clock::now();
  if (pending_ != number) {
    pending_ = number;
    pending_since_ = now;
  }
  if (now - pending_since_ < hold_) return Look::pending;
  const auto newest = newest_of(ring);
  if (!newest || newest->number <= number) return Look::pending;
  if (!takes) return Look::ready;
  if (!put(Word::aside, held(ring.seq_of(number), 1))) return Look::nothing;
  std::uint64_t expected = number;
  if (next_of(lane).compare_exchange_strong(expected, number + 1, std::memory_order_acq_rel)) {
    ARENA_SHM_STOP_POINT(member_put_aside);
    hold_aside(aside_, Redelivered::no);
  } else {
    put(Word::aside, kHoldsNothing);
  }
  return Look::again;
}

bool MemberCore::settle_aside(Thorough manner) {
  if (aside_is_done_) {
    put(Word::aside, kHoldsNothing);
    return false;
  }
  if (aside_is_delivered_) return false;
  const Segment::Place place = segment().place_of(held_seq(aside_));
  const std::uint64_t stamp = place.lane.slot_of(place.number).stamp();
  if (stamp == done(place.number)) return true;
  const bool is_lost = is_newer(stamp, place.number);
  if (!is_lost && (manner == Thorough::no || status_of_unseen(segment(), place.lane, place.number) != ReadStatus::hole))
    return false;
  put(Word::aside, kHoldsNothing);
  lose(place.lane, {place.number, place.number + 1}, is_lost ? Loss::overwritten : Loss::hole);
  return false;
}

}  // namespace arena_shm::core
