#include "arena_shm/core/awaited_room.hpp"

#include "arena_shm/core/gate.hpp"
#include "arena_shm/core/writer_core.hpp"

namespace arena_shm::core {

Waitable::Prospect AwaitedRoom::prospect() {
  if (writer_.has_room()) return {.is_ready = true};
  show();
  return {.patience = kGateSlice};  // nobody rings for the dead, nor when patience is over
}

bool AwaitedRoom::may_be_ready() const noexcept {
  return writer_.is_forked() || writer_.is_claimed() || writer_.gate().may_have_room();
}

Doorbell* AwaitedRoom::doorbell() const noexcept { return writer_.gate().doorbell(); }

const std::string& AwaitedRoom::name() const noexcept { return writer_.hold().segment()->info().name; }

/// As Gate::await does: whom it waits for may change, since when does not.
void AwaitedRoom::show() noexcept {
  const Gate::Stall& stall = writer_.gate().stall();
  Seat& seat = writer_.hold().seat();
  if (!is_shown_) seat.waits_since_ns.store(stall.since_ns, std::memory_order_relaxed);
  is_shown_ = true;
  const std::uint64_t consumer = stall.consumer == Gate::kNobody ? 0 : stall.consumer + std::uint64_t{1};
  seat.waits_for.store(consumer, std::memory_order_relaxed);
}

void AwaitedRoom::mark_inside(bool inside) noexcept {
  inside_.store(inside, std::memory_order_relaxed);
  if (!inside && is_shown_ && !writer_.is_forked()) writer_.hold().seat().waits_for.store(0, std::memory_order_relaxed);
  is_shown_ = false;
}

}  // namespace arena_shm::core
