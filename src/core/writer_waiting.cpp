// How a writer waits for room together with others, in a WaitSet.
#include "arena_shm/core/gate.hpp"
#include "arena_shm/core/writer_core.hpp"

namespace arena_shm::core {

Waitable::Prospect WriterCore::prospect() {
  if (lane_ ? lane_->has_room() : shared_->has_room()) return {.is_ready = true};
  show_waiting();
  return {.patience = kGateSlice};  // nobody rings for the dead, nor when patience is over
}

bool WriterCore::may_be_ready() const noexcept { return is_forked() || is_claimed() || gate().may_have_room(); }

/// As in Gate::await: whom it waits for may change, since when does not.
void WriterCore::show_waiting() noexcept {
  const Gate::Stall& stall = gate().stall();
  Seat& seat = hold().seat();
  if (!shown_) seat.waits_since_ns.store(stall.since_ns, std::memory_order_relaxed);
  shown_ = true;
  const std::uint64_t consumer = stall.consumer == Gate::kNobody ? 0 : stall.consumer + std::uint64_t{1};
  seat.waits_for.store(consumer, std::memory_order_relaxed);
}

void WriterCore::mark_inside(bool inside) noexcept {
  awaited_.store(inside, std::memory_order_relaxed);
  if (!inside && shown_ && !is_forked()) hold().seat().waits_for.store(0, std::memory_order_relaxed);
  shown_ = false;
}

}  // namespace arena_shm::core
