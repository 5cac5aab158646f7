// What a member does about others: it takes over what the dead hold, and what those hold who were evicted, or whom
// nobody has patience with any more.
//
//   K1  bars the door of the session that would come next in that seat: nobody comes in, and another group does not get
//       the line. Is it a member of this group still? Is it dead?
//   K2  its word                              acquire   holds n, c; else nothing is to be done
//   K3  next                                  acquire   n was not taken: its word -> nothing, if it is dead
//   K4  own word := held(n, ...)              what of it is below `next`; a pending one goes into the second word
//   K5  moves += 1                            acq_rel
//   K6  its word -> nothing, or, if it lives, evicted    by compare-and-swap; failed: it has done with it meanwhile
//   K7  lets go
//
// K4 before K6: at each moment some word holds it. K5 between them, for the gate's scan: it could have looked at this
// one's word before K4, and at the other's after K6. Several may do all this at once, one of them being stopped in it,
// say: K6 decides between them.
#include <algorithm>
#include <chrono>

#include "arena_shm/core/member_core.hpp"
#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {
namespace {

constexpr std::chrono::nanoseconds kLeastBetweenLooks = std::chrono::milliseconds{1};
constexpr int kMostAsked = 4;  // in one look: where many hold something, and many look, that is a lot

}  // namespace

bool MemberCore::may_look_after_others() noexcept {
  takes_ = 0;
  const auto now = Clock::now();
  if (now - looked_after_ < kLeastBetweenLooks) return false;
  looked_after_ = now;
  return true;
}

bool MemberCore::others_hold_something() const noexcept {
  for (std::uint32_t i = 0; i < consumers().count(); ++i) {
    if (i == seat_.index() || !is_member(consumers(), i, seat_.group(), seat_.group_state())) continue;
    if (holds_something(consumers(), i)) return true;
  }
  return false;
}

bool MemberCore::is_in_the_way(std::uint64_t word) const noexcept {
  const Segment::Place place = segment().place_of(held_seq(word));
  return place.lane.head->load(std::memory_order_relaxed) >= place.number + place.lane.slot_count;
}

/// All that are to be evicted; of some of the others, whether they are dead: the next time, those that follow.
bool MemberCore::take_over_any() {
  int asked = 0;
  const std::uint32_t first = first_asked_;
  for (std::uint32_t k = 0; k < consumers().count(); ++k) {
    const std::uint32_t i = (first + k) % consumers().count();
    if (i == seat_.index() || !is_member(consumers(), i, seat_.group(), seat_.group_state())) continue;
    for (const Word which : {Word::claim, Word::aside}) {
      const std::uint64_t word = consumers().word(i, static_cast<std::uint32_t>(which)).load(std::memory_order_acquire);
      if (!is_held(word)) continue;
      if (!is_to_be_evicted(i, which, word)) {
        if (asked == kMostAsked) continue;
        first_asked_ = i + 1;
        ++asked;
        if (!is_dead(i)) continue;
      }
      if (take_over(i, which)) return true;
    }
  }
  return false;
}

bool MemberCore::is_dead(std::uint32_t member) const noexcept {
  return segment().witness().is_over(segment().ring().seat_count + member);
}

bool MemberCore::is_to_be_evicted(std::uint32_t member, Word which, std::uint64_t word) {
  if (standing(consumers().state(member).load(std::memory_order_acquire)) == Standing::evicted) return true;
  const std::chrono::nanoseconds patience = segment().info().patience;
  if (patience <= std::chrono::nanoseconds{0} || !is_in_the_way(word)) return false;
  Suspect& suspect = suspects_[member * kWordsPerMember + static_cast<std::uint32_t>(which)];
  const auto now = Clock::now();
  if (suspect.word != word) suspect = {.word = word, .since = now};
  return now - suspect.since >= patience;
}

/// K1 to K7. True: it holds something that is to be delivered.
bool MemberCore::take_over(std::uint32_t member, Word which) {
  const std::uint32_t seat = segment().ring().seat_count + member;
  const std::atomic<std::uint64_t>& newest = segment().ring().seats[seat].session;
  Lease bar;  // K1, K7
  const std::uint64_t session = newest.load(std::memory_order_acquire);
  if (session >= kMaxSession || segment().leases().bar_next(seat, session, newest, bar) != LeaseOutcome::taken)
    return false;
  ARENA_SHM_STOP_POINT(takeover_barred);
  if (!is_member(consumers(), member, seat_.group(), seat_.group_state())) return false;
  std::atomic<std::uint64_t>& its_word = consumers().word(member, static_cast<std::uint32_t>(which));
  std::uint64_t word = its_word.load(std::memory_order_acquire);  // K2
  const bool dead = is_dead(member);
  if (dead) word = its_word.load(std::memory_order_acquire);  // K2: what it stored last
  if (!is_held(word) || !(dead || is_to_be_evicted(member, which, word))) return false;
  const Segment::Place place = segment().place_of(held_seq(word));
  const std::uint64_t next = next_of(lane_number(place)).load(std::memory_order_acquire);  // K3
  bool taken = false;
  if (place.number < next) {
    if (!move_here(its_word, word, place, std::min(place.number + held_count(word), next), dead)) return false;
    taken = at_ < end_;
  } else if (dead) {
    its_word.compare_exchange_strong(word, kHoldsNothing, std::memory_order_acq_rel);
    room_.ring();
  }
  if (dead) free_line(member);
  return taken;
}

/// K4 to K6. True: it is held here now.
bool MemberCore::move_here(std::atomic<std::uint64_t>& its_word, std::uint64_t word, const Segment::Place& place,
                           std::uint64_t end, bool dead) {
  const bool is_pending = !is_resolved(place);
  if (is_pending && aside_ != kHoldsNothing) return false;
  const std::uint64_t mine = held(held_seq(word), is_pending ? 1 : end - place.number);
  const Word own = is_pending ? Word::aside : Word::claim;
  if (!put(own, mine)) return false;  // K4
  ARENA_SHM_STOP_POINT(takeover_held);
  consumers().moves(seat_.group()).fetch_add(1, std::memory_order_acq_rel);  // K5
  ARENA_SHM_STOP_POINT(takeover_moved);
  if (!its_word.compare_exchange_strong(word, dead ? kHoldsNothing : evicted(word), std::memory_order_acq_rel)) {  // K6
    put(own, kHoldsNothing);
    return false;
  }
  ARENA_SHM_STOP_POINT(takeover_done);
  if (is_pending)
    hold_aside(mine, Redelivered::yes);
  else
    hold(mine, place, end, Redelivered::yes);
  return true;
}

/// Can it be delivered, or be told to be lost?
bool MemberCore::is_resolved(const Segment::Place& place) const {
  const std::uint64_t stamp = place.lane.slot_of(place.number).stamp();
  if (stamp == done(place.number) || is_newer(stamp, place.number)) return true;
  return status_of_unseen(segment(), place.lane, place.number) != ReadStatus::pending;
}

/// A dead member's line, if it holds nothing any more. Requires: its next session is barred.
void MemberCore::free_line(std::uint32_t member) noexcept {
  for (std::uint32_t which = 0; which < kWordsPerMember; ++which) {
    if (is_held(consumers().word(member, which).load(std::memory_order_acquire))) return;
  }
  std::uint64_t state = consumers().state(member).load(std::memory_order_acquire);
  consumers().state(member).compare_exchange_strong(state, turned_into(state, Standing::free),
                                                    std::memory_order_acq_rel);
}

}  // namespace arena_shm::core
