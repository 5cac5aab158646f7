// One slot: a stamp and a payload. Everything about the order of payload accesses stands in this file.
//
//   writer of seq                               reader of seq
//   S1  stamp := busy(seq)     relaxed          R1  stamp == done(seq)?   acquire
//   S2  fence                  release          R2  payload words, time   relaxed
//   S3  payload words, time    relaxed          R3  fence                 acquire
//   S4  stamp := done(seq)     release          R4  stamp still the same? relaxed
//
//   S4 -> R1  who sees done(seq) sees every payload word of seq (or of a later value, which R4 finds out).
//   S2 -> R3  who has read a payload word of a later value sees, at R4, that value's busy stamp or a newer one: the
//             fences pair through the payload word (C++20 [atomics.fences]/2). R4 then differs from R1.
//   S1 is relaxed because S2 orders it before the payload; R4 because R3 orders it after.
//   S4 -> W3  (writer_steps.hpp) the writer a lap later sees done(seq), hence comes after all that S1 to S4 stored.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/stamp.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "arena_shm/core/words.hpp"

namespace arena_shm::core {

class Slot {
 public:
  [[gnu::always_inline]] Slot(std::byte* slot, std::size_t payload_offset_bytes) noexcept
      : stamp_(reinterpret_cast<std::atomic<std::uint64_t>*>(slot)),
        payload_(reinterpret_cast<std::uint64_t*>(slot + payload_offset_bytes)) {}

  /// Acquire: R1, or the writer's W3.
  [[gnu::always_inline]] std::uint64_t stamp() const noexcept { return stamp_->load(std::memory_order_acquire); }
  std::byte* begin() const noexcept { return reinterpret_cast<std::byte*>(stamp_); }
  const std::byte* payload() const noexcept { return reinterpret_cast<const std::byte*>(payload_); }

  /// Has the compiler compute here where the slot is, rather than where that is used.
  [[gnu::always_inline]] void compute() noexcept { asm volatile("" : "+r"(stamp_), "+r"(payload_)); }

  /// Goes to another slot, so many bytes further.
  [[gnu::always_inline]] void step(std::uint64_t bytes) noexcept {
    stamp_ = reinterpret_cast<std::atomic<std::uint64_t>*>(reinterpret_cast<std::byte*>(stamp_) + bytes);
    payload_ += bytes / kWordBytes;
  }

  /// Publishes a value: `fill(payload)` stores its words. Requires: the slot is the caller's (writer_steps.hpp).
  template <class Fill>
  [[gnu::always_inline]] void publish(std::uint64_t seq, Fill&& fill) const noexcept {
    publish_timed(seq, false, 0, fill);
  }
  /// The same, with the value's time, if it is to have one. Requires then: a slot with a place for it.
  template <class Fill>
  [[gnu::always_inline]] void publish_timed(std::uint64_t seq, bool timed, std::uint64_t time,
                                            Fill&& fill) const noexcept {
    stamp_->store(busy(seq), std::memory_order_relaxed);  // S1
    ARENA_SHM_STOP_POINT(slot_busy);
    std::atomic_thread_fence(std::memory_order_release);  // S2
    if (timed) store_time(time);                          // S3
    fill(payload_);                                       // S3
    ARENA_SHM_STOP_POINT(slot_filled);
    stamp_->store(done(seq), std::memory_order_release);  // S4
    ARENA_SHM_STOP_POINT(slot_done);
  }

  /// The time of the value. R2: it counts if take() says so. Requires: a slot with a place for it.
  [[gnu::always_inline]] std::uint64_t time() const noexcept { return time_word().load(std::memory_order_relaxed); }

  /// Copies the payload out; true if what was copied is the whole value that `seen` announced.
  /// Requires: `seen` came from stamp().
  template <class Take>
  [[gnu::always_inline]] bool take(std::uint64_t seen, Take&& copy_out) const noexcept {
    copy_out(payload_);                                      // R2
    std::atomic_thread_fence(std::memory_order_acquire);     // R3
    return stamp_->load(std::memory_order_relaxed) == seen;  // R4
  }

 private:
  [[gnu::always_inline]] void store_time(std::uint64_t time) const noexcept {
    time_word().store(time, std::memory_order_relaxed);
  }
  std::atomic<std::uint64_t>& time_word() const noexcept { return stamp_[kTimeOffsetBytes / kWordBytes]; }

  std::atomic<std::uint64_t>* stamp_;
  std::uint64_t* payload_;
};

}  // namespace arena_shm::core
