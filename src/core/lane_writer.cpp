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

void LaneWriter::enter_lap(std::uint64_t number) {
  if (number >= ring_.limit) {
    state_.store(State::idle, std::memory_order_relaxed);
    refuse_number(number);
  }
  lap_.move_to(number);
  prefetch_first(ring_.slots);
}

}  // namespace arena_shm::core
