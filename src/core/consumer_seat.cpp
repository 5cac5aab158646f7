#include "arena_shm/core/consumer_seat.hpp"

#include <pthread.h>

#include <utility>

#include "arena_shm/core/consumers.hpp"
#include "arena_shm/core/process.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {

ConsumerSeat::ConsumerSeat(std::shared_ptr<const Segment> segment, std::string_view name)
    : place_(std::move(segment), name) {
  ::pthread_testcancel();
  const NoCancel no_cancel;
  const Lease door = place_.lock_name();  // C1, C4
  do {
    const auto own = find_own();  // C2
    has_come_back_ = own.has_value();
    if (own ? place_.try_take(own->index, own->state) : place_.try_take_any()) {
      place_.begin();  // C3
      return;
    }
  } while (place_.may_try_again(has_come_back_));
  place_.refuse();
}

std::optional<ConsumerSeat::Found> ConsumerSeat::find_own() const {
  const ConsumerTable consumers = place_.consumers();
  std::optional<Found> own;
  for (std::uint32_t i = 0; i < consumers.count(); ++i) {
    const std::uint64_t state = consumers.state(i).load(std::memory_order_acquire);
    const auto named = place_.is_named(i);
    if (named == ConsumerPlace::Named::no) continue;
    const bool is_living = named == ConsumerPlace::Named::living;
    const bool is_group = kind(state) != Kind::alone && (gates(state) || is_living);
    if (is_group || is_living) {
      std::string holder = "process ";
      holder.append(std::to_string(place_.seat(i).pid.load(std::memory_order_relaxed)));
      throw Error(Code::already_exists,
                  {.name = segment()->info().name,
                   .doing = "be a consumer of",
                   .expected = "a name that no living consumer has",
                   .found = "'" + name() + "', which " + (is_group ? "a group" : holder) + " is",
                   .remedy = is_group ? "join the group, as one that shares; or choose another name"
                                      : "choose another name, or end that one"});
    }
    if (kind(state) != Kind::alone) continue;
    const Standing now = standing(state);
    if (now == Standing::kept || (now == Standing::evicted && !own)) own = Found{i, state};
  }
  return own;
}

}  // namespace arena_shm::core
