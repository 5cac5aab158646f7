#include "arena_shm/core/consumer_seat.hpp"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "arena_shm/core/consumers.hpp"
#include "arena_shm/core/process.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

constexpr int kLooks = 20;  // a millisecond each: who looks for a name holds its door for microseconds
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

ConsumerSeat::ConsumerSeat(std::shared_ptr<const Segment> segment, std::string_view name)
    : name_(name), tenancy_(std::make_unique<Tenancy>(std::move(segment))) {
  const Segment& arena = *tenancy_->segment();
  if (arena.consumers().count() == 0)
    throw Error(Code::invalid_argument, {.name = arena.info().name,
                                         .doing = kConsuming,
                                         .expected = "a lossless arena",
                                         .found = "one that overwrites",
                                         .remedy = "create it with full = Full::wait; or take a reader"});
  check_name(arena, name_);
  ::pthread_testcancel();
  const NoCancel no_cancel;
  arena.require_clock();
  const Lease door = lock_name();  // C1, C4
  bool obstructed = true;
  for (int attempt = 0; obstructed && attempt < kLooks; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    obstructed = false;
    const auto own = find_own();  // C2
    has_come_back_ = own.has_value();
    if (own ? try_take(*own, Standing::free, obstructed) : take_any(obstructed)) {
      tenancy_->begin(name_);  // C3
      return;
    }
    obstructed = obstructed || own;  // it was lost to somebody, or cannot be had yet: look again
  }
  refuse(obstructed);
}

std::uint32_t ConsumerSeat::seat_of(std::uint32_t i) const noexcept { return segment()->ring().seat_count + i; }

Lease ConsumerSeat::lock_name() const {
  const std::uint64_t hash = fnv1a(name_.data(), name_.size());
  Lease door;
  for (int attempt = 0; attempt < kLooks; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const LeaseOutcome outcome = segment()->leases().take_name_door(hash, door);
    if (outcome == LeaseOutcome::taken) return door;
    if (outcome == LeaseOutcome::failed) throw_errno(errno, Act::take_seat, kConsuming, segment()->info().name);
  }
  throw Error(Code::obstructed, {.name = segment()->info().name,
                                 .doing = kConsuming,
                                 .expected = "the name '" + name_ + "' to be free for a moment",
                                 .found = "another process that is about to take it, and has stopped there",
                                 .remedy = "find that process in /proc/locks, or choose another name"});
}

std::optional<std::uint32_t> ConsumerSeat::find_own() const {
  const Ring& ring = segment()->ring();
  const ConsumerTable& consumers = segment()->consumers();
  std::optional<std::uint32_t> own;
  for (std::uint32_t i = 0; i < consumers.count(); ++i) {
    const Seat& seat = ring.seats[seat_of(i)];
    const std::uint64_t session = seat.session.load(std::memory_order_acquire);
    if (session == 0 || seat_name(seat) != name_) continue;
    if (segment()->witness().life_of(seat_of(i), session) != Life::over) {
      throw Error(Code::already_exists, {.name = segment()->info().name,
                                         .doing = kConsuming,
                                         .expected = "a name that no living consumer has",
                                         .found = "'" + name_ + "', which process " +
                                                  std::to_string(seat.pid.load(std::memory_order_relaxed)) + " is",
                                         .remedy = "choose another name, or end that one"});
    }
    const Standing now = standing(consumers.state(i).load(std::memory_order_acquire));
    if (now == Standing::kept || (now == Standing::evicted && !own)) own = i;
  }
  return own;
}

/// E1 to E3, of a seat that is not `unless` then.
bool ConsumerSeat::try_take(std::uint32_t i, Standing unless, bool& obstructed) {
  const std::uint64_t session = segment()->ring().seats[seat_of(i)].session.load(std::memory_order_acquire);
  if (segment()->witness().life_of(seat_of(i), session) != Life::over) return false;
  switch (tenancy_->try_take(seat_of(i))) {
    case Tenancy::Attempt::held: return false;
    case Tenancy::Attempt::obstructed: obstructed = true; return false;
    case Tenancy::Attempt::taken: break;
  }
  ARENA_SHM_STOP_POINT(consumer_seat_taken);
  if (standing(segment()->consumers().state(i).load(std::memory_order_acquire)) == unless) {
    tenancy_->give_back();
    return false;
  }
  index_ = i;
  return true;
}

bool ConsumerSeat::take_any(bool& obstructed) {
  const ConsumerTable& consumers = segment()->consumers();
  for (const Standing wanted : {Standing::free, Standing::joined, Standing::evicted}) {
    for (std::uint32_t i = 0; i < consumers.count(); ++i) {
      if (standing(consumers.state(i).load(std::memory_order_acquire)) != wanted) continue;
      if (try_take(i, Standing::kept, obstructed)) return true;
    }
  }
  return false;
}

void ConsumerSeat::refuse(bool obstructed) const {
  const std::string seats = std::to_string(segment()->consumers().count());
  std::string names;
  for (const ConsumerInfo& one : consumers(*segment())) names += (names.empty() ? "" : ", ") + one.name;
  if (obstructed)
    throw Error(Code::obstructed, {.name = segment()->info().name,
                                   .doing = kConsuming,
                                   .expected = "a free place among " + seats,
                                   .found = "free ones that another process has locked",
                                   .remedy = "find that process in /proc/locks"});
  throw Error(Code::table_full,
              {.name = segment()->info().name,
               .doing = kConsuming,
               .expected = "a free place among " + seats,
               .found = names,
               .remedy = "end one; or remove one that does not come back; or create the arena with more consumers"});
}

}  // namespace arena_shm::core
