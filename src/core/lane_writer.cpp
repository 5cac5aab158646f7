#include "arena_shm/core/lane_writer.hpp"

#include <utility>

#include "arena_shm/core/retained.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {

LaneWriter::LaneWriter(std::shared_ptr<const SeatHold> hold)
    : WriterBase(std::move(hold)),
      forked_(
          [](void* writer) noexcept {
            static_cast<LaneWriter*>(writer)->state_.store(State::forked, std::memory_order_relaxed);
          },
          this) {
  expect_exit(Begins::handle);
}

void LaneWriter::refuse() const {
  if (state_.load(std::memory_order_relaxed) == State::forked) refuse_forked(hold_->segment()->info().name);
  refuse_reentry();
}

bool LaneWriter::has_room() {
  enter();
  const bool has = gate_.has_room();
  state_.store(State::idle, std::memory_order_relaxed);
  return has;
}

bool LaneWriter::enter_lap(std::uint64_t number, Deadline deadline) {
  const auto leave = [this] { state_.store(State::idle, std::memory_order_relaxed); };
  if (number >= ring_.limit) {
    leave();
    refuse_number(number);
  }
  try {
    if (number >= gate_.end() && !pass_gate(number, deadline)) {
      leave();
      return false;
    }
  } catch (...) {
    leave();
    throw;
  }
  lap_.move_to(number, gate_.end());
  prefetch_first(ring_.slots);
  return true;
}

}  // namespace arena_shm::core
