#include "arena_shm/core/consumer_place.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "arena_shm/core/consumers.hpp"
#include "arena_shm/core/fnv1a.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr int kLooks = 20;          // a millisecond each: who looks for a place has it locked for microseconds
constexpr int kLooksAtDoor = 2000;  // all members of a group may come at once
constexpr const char* kConsuming = "be a consumer of";

void check_name(const Segment& segment, const std::string& name) {
  const bool printable = std::ranges::all_of(name, [](unsigned char c) { return c >= ' ' && c != 0x7f; });
  if (!name.empty() && name.size() <= sizeof(Seat::name) && printable) return;
  throw Error(
      Code::invalid_argument,
      {.name = segment.info().name,
       .doing = kConsuming,
       .expected = "a name of 1 to " + std::to_string(sizeof(Seat::name)) + " bytes, without control characters",
       .found = name.empty() ? "none" : "'" + name + "', " + std::to_string(name.size()) + " bytes",
       .remedy = "choose another name"});
}

}  // namespace

ConsumerPlace::ConsumerPlace(std::shared_ptr<const Segment> segment, std::string_view name)
    : tenancy_(std::move(segment)), name_(name) {
  if (consumers().count() == 0)
    throw Error(Code::invalid_argument,
                {.name = this->segment().info().name,
                 .doing = kConsuming,
                 .expected = "a lossless arena",
                 .found = "one that overwrites",
                 .remedy = "create it lossless, one that waits when it is full; or take a reader"});
  check_name(this->segment(), name_);
  this->segment().require_clock();
}

Lease ConsumerPlace::lock_name() const {
  const std::uint64_t hash = fnv1a(name_.data(), name_.size());
  Lease door;
  for (int attempt = 0; attempt < kLooksAtDoor; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const LeaseOutcome outcome = segment().leases().take_name_door(hash, door);
    if (outcome == LeaseOutcome::taken) return door;
    if (outcome == LeaseOutcome::failed) throw_errno(errno, Act::take_seat, kConsuming, segment().info().name);
  }
  throw Error(Code::obstructed, {.name = segment().info().name,
                                 .doing = kConsuming,
                                 .expected = "the name '" + name_ + "' to be free for a moment",
                                 .found = "another process that is about to take it, and has stopped there",
                                 .remedy = "find that process in /proc/locks, or choose another name"});
}

bool ConsumerPlace::is_over(std::uint32_t i, std::uint64_t session) const noexcept {
  return segment().witness().life_of(segment().ring().seat_count + i, session) == Life::over;
}

ConsumerPlace::Named ConsumerPlace::is_named(std::uint32_t i) const {
  // Before the name: who comes after that session, with another name, is not taken for its holder.
  const std::uint64_t session = seat(i).session.load(std::memory_order_acquire);  // E5 -> here
  if (session == 0 || seat_name(seat(i)) != name_) return Named::no;
  return is_over(i, session) ? Named::away : Named::living;
}

bool ConsumerPlace::try_take(std::uint32_t i, std::uint64_t state) {
  if (!is_over(i, seat(i).session.load(std::memory_order_acquire))) return false;
  switch (tenancy_.try_take(segment().ring().seat_count + i)) {
    case Tenancy::Attempt::held: was_obstructed_ = true; return false;  // somebody is at it
    case Tenancy::Attempt::obstructed: was_obstructed_ = true; return false;
    case Tenancy::Attempt::taken: break;
  }
  ARENA_SHM_STOP_POINT(consumer_seat_taken);
  // Somebody may have come and gone in between. From here on nobody but this one makes anything of it.
  if (consumers().state(i).load(std::memory_order_acquire) != state) {
    was_obstructed_ = true;
    tenancy_.give_back();
    return false;
  }
  index_ = i;
  return true;
}

/// Of a state that had this standing: is it nobody's?
bool ConsumerPlace::can_be_had(std::uint32_t i, std::uint64_t state, Standing wanted) const noexcept {
  if (standing(state) != wanted) return false;
  switch (kind(state)) {
    case Kind::member:
      return wanted == Standing::free || !is_waited_for(consumers(), i) || !holds_something(consumers(), i);
    case Kind::group: return wanted == Standing::free || !has_living_member(segment(), i, state);
    default: return true;
  }
}

bool ConsumerPlace::try_take_any() {
  for (const Standing wanted : {Standing::free, Standing::joined, Standing::evicted}) {
    for (std::uint32_t i = 0; i < consumers().count(); ++i) {
      const std::uint64_t state = consumers().state(i).load(std::memory_order_acquire);
      if (!can_be_had(i, state, wanted)) continue;
      ARENA_SHM_STOP_POINT(consumer_place_found);
      std::uint64_t expected = state;
      if (kind(state) == Kind::group && wanted != Standing::free) {
        // Nobody may join it, or revive it, meanwhile.
        if (!free_abandoned(segment(), i, state)) continue;
        expected = turned_into(state, Standing::free);
      }
      if (!try_take(i, expected)) continue;
      // Once more, now that nobody else has it: a member may have taken a value since, and have died with it.
      if (can_be_had(i, expected, standing(expected))) return true;
      was_obstructed_ = true;
      tenancy_.give_back();
    }
  }
  return false;
}

bool ConsumerPlace::may_try_again(bool was_lost) {
  if (!(was_obstructed_ || was_lost) || ++looks_ >= kLooks) {
    was_obstructed_ = was_obstructed_ || was_lost;
    return false;
  }
  was_obstructed_ = false;
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return true;
}

void ConsumerPlace::refuse() const {
  const std::string places = std::to_string(consumers().count());
  if (was_obstructed_)
    throw Error(Code::obstructed, {.name = segment().info().name,
                                   .doing = kConsuming,
                                   .expected = "a free place among " + places,
                                   .found = "free ones that another process has locked",
                                   .remedy = "find that process in /proc/locks"});
  std::string names;
  for (const ConsumerInfo& one : core::consumers(segment())) {
    names.append(names.empty() ? "" : ", ").append(one.name);
    if (one.kind != ConsumerKind::alone) names.append(" (").append(to_string(one.kind)).append(")");
  }
  throw Error(Code::table_full,
              {.name = segment().info().name,
               .doing = kConsuming,
               .expected = "a free place among " + places,
               .found = names,
               .remedy = "end one; or remove one that does not come back; or create the arena with more consumers"});
}

}  // namespace arena_shm::core
