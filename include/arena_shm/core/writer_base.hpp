// What every writer has, whatever it shares its ring with: a seat, the ring's numbers, the doorbell.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/gate.hpp"
#include "arena_shm/core/prefetch.hpp"
#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/seat.hpp"

namespace arena_shm::core {

/// Has a batch's `fill` store its i-th value; one that takes the value's number, too, is told it.
template <class Fill>
[[gnu::always_inline]] inline void fill_ith(Fill& fill, std::size_t i, std::uint64_t* payload,
                                            std::uint64_t number) noexcept {
  if constexpr (std::is_invocable_v<Fill&, std::size_t, std::uint64_t*, std::uint64_t>)
    fill(i, payload, number);
  else
    fill(i, payload);
}

/// What has been appended: its seq, and its time; 0 in an arena without times.
struct Written {
  std::uint64_t seq;
  std::uint64_t time;
};
/// Of a writer that may not wait, or not for longer.
inline constexpr Written kNothing{~std::uint64_t{0}, 0};

/// Thread safety: one thread at a time.
class WriterBase {
 public:
  WriterBase(const WriterBase&) = delete;
  WriterBase& operator=(const WriterBase&) = delete;

  const SeatHold& hold() const noexcept { return *hold_; }
  const Gate& gate() const noexcept { return gate_; }
  /// Waits until there is room for the next value; takes none. May be called while another thread writes.
  /// Errors: as Gate::await.
  bool await_room(Deadline deadline) const { return Gate(*hold_->segment(), ring_, seat_).await_room(deadline); }
  /// Of the newest value, or batch, that this writer has appended; 0 in an arena without times.
  std::uint64_t time() const noexcept { return time_; }

 protected:
  explicit WriterBase(std::shared_ptr<const SeatHold> hold)
      : hold_(std::move(hold)),
        ring_(hold_->segment()->lane_of_seat(hold_->index())),
        seat_(hold_->seat()),
        ringer_(*hold_->segment()->doorbell(), !hold_->membarrier_registered()),
        fence_before_time_(!hold_->membarrier_registered()),
        lap_(ring_),
        gate_(*hold_->segment(), ring_, seat_) {
    if (gate_.is_lossless()) lap_.close();  // until the gate was looked at
  }
  ~WriterBase() = default;

  /// X2 (lane_writer.hpp): the time of what has just been claimed; 0 in an arena without times. Returns what time()
  /// returns from now on.
  [[gnu::always_inline]] std::uint64_t take_time() noexcept {
    if (!ring_.is_timed()) [[likely]]
      return 0;
    return time_ = fence_before_time_ ? read_clock_behind_fence() : read_clock(ring_.clock);
  }

  [[gnu::always_inline]] void count_values(std::uint64_t count) noexcept {
    // Relaxed: a counter for display, written by this seat's holder only.
    seat_.values.store(seat_.values.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }

  /// X2 of a process that no membarrier reaches.
  [[gnu::noinline, gnu::cold]] std::uint64_t read_clock_behind_fence() const noexcept;
  /// Waits until `number` is below the gate. False: not in time. Errors: as Gate::await.
  bool pass_gate(std::uint64_t number, Deadline deadline) {
    ringer_.ring();  // what is there shall be read
    return gate_.await(number, deadline);
  }
  /// Errors: Code::exhausted, always: `number` is one that the ring has not.
  [[noreturn]] void refuse_number(std::uint64_t number) const;
  /// Errors: Code::reentered, always.
  [[noreturn]] static void refuse_reentry();

  std::shared_ptr<const SeatHold> hold_;
  Ring ring_;  // a copy: its numbers are read with every value
  Seat& seat_;
  Ringer ringer_;
  bool fence_before_time_;
  std::uint64_t time_ = 0;
  Lap lap_;
  Gate gate_;  // the lap that is kept ends there, so that the hot path need not ask
};

}  // namespace arena_shm::core
