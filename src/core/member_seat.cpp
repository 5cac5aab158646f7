#include "arena_shm/core/member_seat.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "arena_shm/core/consumers.hpp"
#include "arena_shm/core/process.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {

MemberSeat::MemberSeat(std::shared_ptr<const Segment> segment, std::string_view name, const ConsumerOptions& options)
    : place_(std::move(segment), name), consumers_(place_.consumers()), options_(options) {
  ::pthread_testcancel();
  const NoCancel no_cancel;
  const Lease door = place_.lock_name();  // C1, C4
  do {
    const auto found = find_group();  // C2
    if (!take_place(found)) continue;
    place_.begin();  // C3
    ARENA_SHM_STOP_POINT(member_seated);
    enter(found);
    return;
  } while (place_.may_try_again(false));
  place_.refuse();
}

void MemberSeat::rejoin() {
  ::pthread_testcancel();
  const NoCancel no_cancel;
  const Lease door = place_.lock_name();
  goes_on_ = true;
  enter(find_group());
}

/// One that is there, or was evicted.
std::optional<MemberSeat::Found> MemberSeat::find_group() const {
  std::optional<Found> group;
  for (std::uint32_t i = 0; i < consumers_.count(); ++i) {
    const std::uint64_t state = consumers_.state(i).load(std::memory_order_acquire);
    const auto named = place_.is_named(i);
    if (named == ConsumerPlace::Named::no || kind(state) == Kind::member) continue;
    if (kind(state) == Kind::group) {
      if (gates(state) || (standing(state) == Standing::evicted && !group)) group = Found{i, state};
      continue;
    }
    if (named == ConsumerPlace::Named::away && standing(state) != Standing::kept) continue;
    throw Error(Code::already_exists,
                {.name = segment()->info().name,
                 .doing = "join a group of",
                 .expected = "a group, or a name that nobody has",
                 .found = "'" + name() + "', a consumer that is alone" +
                          (named == ConsumerPlace::Named::living ? "" : ", durable, and away"),
                 .remedy = "choose another name; or end that one, and remove it if it is durable"});
  }
  return group;
}

bool MemberSeat::take_place(const std::optional<Found>& found) {
  goes_on_ = false;
  if (found && gates(found->state)) {
    for (std::uint32_t i = 0; i < consumers_.count(); ++i) {
      if (!is_member(consumers_, i, found->group, found->state) || !holds_something(consumers_, i)) continue;
      const std::uint64_t state = consumers_.state(i).load(std::memory_order_acquire);
      if (!place_.try_take(i, state)) continue;
      // What is read now is what stays: nobody else has this line any more.
      goes_on_ = is_member(consumers_, i, found->group, found->state);
      return true;
    }
  }
  return place_.try_take_any();
}

/// N1, N2; founds the group where it is not there, revives it where it was evicted.
void MemberSeat::enter(std::optional<Found> found) {
  while (!found || !join(*found)) {
    if (found) {
      const std::uint64_t state = consumers_.state(found->group).load(std::memory_order_acquire);
      // It may have been freed, and the line be somebody else's by now.
      if (kind(state) == Kind::group && is_same_epoch(state, found->state))
        found->state = state;
      else
        found.reset();
    }
    if (found && gates(found->state)) continue;  // it was made durable meanwhile
    if (found && standing(found->state) == Standing::evicted)
      revive(*found);
    else
      found = found_group();
  }
}

bool MemberSeat::join(const Found& found) {
  if (!gates(found.state)) return false;
  const std::uint64_t before = consumers_.state(index()).load(std::memory_order_relaxed);
  if (!goes_on_ || !is_member(consumers_, index(), found.group, found.state)) {
    // Not a member of anything while its membership changes.
    consumers_.state(index()).store(turned_into(before, Standing::free), std::memory_order_release);
    for (std::uint32_t which = 0; which < kWordsPerMember; ++which)
      consumers_.word(index(), which).store(kHoldsNothing, std::memory_order_release);  // N1
    consumers_.membership(index()).store(membership(found.group, found.state), std::memory_order_release);
  }
  own_state_ = next_epoch(before, Kind::member, Standing::joined);
  consumers_.state(index()).store(own_state_, std::memory_order_release);
  ARENA_SHM_STOP_POINT(member_joining);
  std::uint64_t state = found.state;
  const std::uint64_t joined = one_more_join(options_.durable ? turned_into(state, Standing::kept) : state);
  if (!consumers_.state(found.group).compare_exchange_strong(state, joined, std::memory_order_acq_rel))  // N2
    return false;
  group_ = found.group;
  group_state_ = joined;
  ARENA_SHM_STOP_POINT(member_joined);
  return true;
}

/// Of the lane's numbers, where the group begins.
std::uint64_t MemberSeat::begin_in(const Ring& lane, std::uint64_t& missed) const noexcept {
  const std::uint64_t head = std::min(lane.head->load(std::memory_order_acquire), lane.limit);  // J0, J3
  const std::uint64_t oldest = From::oldest.cursor(head, lane.slot_count);
  std::uint64_t wanted = options_.from.cursor(head, lane.slot_count);
  if (options_.from.is_seq()) wanted = lane.number_from(wanted);
  const std::uint64_t begin = std::clamp(wanted, oldest, head);
  missed += begin - std::min(begin, wanted);
  return begin;
}

/// J0 to J5 of a group.
MemberSeat::Found MemberSeat::found_group() {
  ConsumerPlace place(segment(), name());
  while (!place.try_take_any()) {
    if (!place.may_try_again(false)) place.refuse();
  }
  place.begin();
  const std::uint32_t group = place.index();
  const auto store_all = [&] {
    missed_ = 0;
    for (std::uint32_t lane = 0; lane < segment()->lane_count(); ++lane) {
      const std::uint64_t begin = begin_in(segment()->lane_of_seat(lane), missed_);
      consumers_.next(group, lane).store(begin, std::memory_order_release);  // J0, J4
    }
  };
  consumers_.clear_group(group);
  store_all();  // J0
  ARENA_SHM_STOP_POINT(group_founding);
  const std::uint64_t state = next_epoch(consumers_.state(group).load(std::memory_order_acquire), Kind::group,
                                         options_.durable ? Standing::kept : Standing::joined);
  consumers_.state(group).store(state, std::memory_order_release);  // J1
  ARENA_SHM_STOP_POINT(group_registered);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // J2
  store_all();                                          // J3, J4
  ARENA_SHM_STOP_POINT(group_founded);
  ring_room(consumers_);  // J5
  return {group, state};
}

/// The same epoch goes on, from where it was: somebody who belongs to it may be about to take a value. What others hold
/// is for whoever comes first.
void MemberSeat::revive(Found& group) noexcept {
  for (std::uint32_t i = 0; i < consumers_.count(); ++i) {
    if (i == index() || !is_member(consumers_, i, group.group, group.state)) continue;
    std::uint64_t state = consumers_.state(i).load(std::memory_order_acquire);
    if (standing(state) == Standing::joined)
      consumers_.state(i).compare_exchange_strong(state, turned_into(state, Standing::evicted),
                                                  std::memory_order_acq_rel);
  }
  const bool was_durable =
      group.group == group_ && is_same_epoch(group.state, group_state_) && standing(group_state_) == Standing::kept;
  const std::uint64_t revived =
      one_more_join(turned_into(group.state, options_.durable || was_durable ? Standing::kept : Standing::joined));
  std::uint64_t expected = group.state;
  if (!consumers_.state(group.group).compare_exchange_strong(expected, revived, std::memory_order_acq_rel))  // J1
    return;
  ARENA_SHM_STOP_POINT(group_registered);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // J2
  ring_room(consumers_);                                // J5
  group.state = revived;
}

void MemberSeat::come_back() noexcept {
  own_state_ = next_epoch(consumers_.state(index()).load(std::memory_order_acquire), Kind::member, Standing::joined);
  consumers_.state(index()).store(own_state_, std::memory_order_release);
}

}  // namespace arena_shm::core
