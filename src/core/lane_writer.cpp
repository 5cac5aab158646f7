#include "arena_shm/core/lane_writer.hpp"

#include <string>
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

void LaneWriter::require_repeatable() const {
  const bool is_lossless = hold_->segment()->is_lossless();
  if (!ring_.is_timed() && !is_lossless) return;
  throw Error(Code::invalid_argument,
              {.name = hold_->segment()->info().name,
               .doing = "hand out numbers behind their values in",
               .expected = "an arena that overwrites, without times",
               .found = is_lossless ? "a lossless one, whose consumers release no more than was handed out"
                                    : "one with times, whose order needs each number before its value",
               .remedy = "create it so; or append as usual"});
}

bool LaneWriter::has_room() {
  enter();
  const bool has = gate_.has_room();
  state_.store(State::idle, std::memory_order_relaxed);
  return has;
}

std::uint64_t LaneWriter::advance_to(std::uint64_t seq) {
  enter();
  const auto leave_unchanged = [this] { state_.store(State::idle, std::memory_order_relaxed); };
  const std::uint64_t head = seat_.hi.load(std::memory_order_relaxed);  // own store, or ordered by the lease
  const std::uint64_t number = ring_.number_from(seq);
  if (number <= head || number > ring_.limit) {
    leave_unchanged();
    if (number == head) return 0;
    if (number > ring_.limit) refuse_number(number);
    refuse_to_go_back(seq, head);
  }
  const std::uint64_t left_out = number - head;
  seat_.claim.store(idle(number), std::memory_order_release);  // A1
  ARENA_SHM_STOP_POINT(lane_advancing);
  seat_.hi.store(number, std::memory_order_release);  // A2
  ARENA_SHM_STOP_POINT(lane_advanced);
  // Relaxed: as count_values.
  seat_.skipped.store(seat_.skipped.load(std::memory_order_relaxed) + left_out, std::memory_order_relaxed);
  leave(0);
  return left_out;
}

void LaneWriter::refuse_to_go_back(std::uint64_t seq, std::uint64_t head) const {
  throw Error(Code::invalid_argument, {.name = hold_->segment()->info().name,
                                       .doing = "advance in",
                                       .expected = "a sequence number of at least " +
                                                   std::to_string(ring_.seq_of(head)) + ", which is the next one",
                                       .found = std::to_string(seq),
                                       .remedy = "what has been handed out cannot be written again"});
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
