// The mapped regions of one segment as typed pointers and validated numbers: what the writing and reading cores work
// on. It owns nothing, and nothing in it changes after attach.
//
// A laned arena is so many rings of one seat, its lanes. Within a lane, values are numbered from 0 on, and that number
// is what slots and heads are about; outside of it, value n of lane k has the sequence number n * lanes + k.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/slot.hpp"
#include "arena_shm/core/stamp.hpp"

namespace arena_shm::core {

/// n mod d without a division instruction.
/// Source: Granlund and Montgomery, "Division by Invariant Integers using Multiplication", PLDI 1994. With n < 2^62 a
/// 64-bit multiplier is always exact: m = floor(2^(62+s) / d) + 1 with s = ceil(log2 d) is wrong by e / 2^(62+s),
/// 0 < e <= d <= 2^s, and n * e / 2^(62+s) < 1.
class Modulo {
 public:
  Modulo() = default;
  /// Requires: 0 < divisor < 2^63.
  explicit Modulo(std::uint64_t divisor) noexcept
      : divisor_(divisor),
        shift_(static_cast<int>(std::bit_width(divisor - 1))),
        multiplier_(static_cast<std::uint64_t>((static_cast<Wide>(1) << (62 + shift_)) / divisor + 1)) {}

  std::uint64_t operator()(std::uint64_t n) const noexcept {
    if (n >> 62 != 0) [[unlikely]]
      return by_division(n);
    const auto quotient = static_cast<std::uint64_t>(static_cast<Wide>(n << 2) * multiplier_ >> 64) >> shift_;
    return n - quotient * divisor_;
  }

 private:
  __extension__ using Wide = unsigned __int128;
  [[gnu::noinline, gnu::cold]] std::uint64_t by_division(std::uint64_t n) const noexcept { return n % divisor_; }

  std::uint64_t divisor_ = 1;
  int shift_ = 0;
  std::uint64_t multiplier_ = (std::uint64_t{1} << 62) + 1;
};

/// Numbers of claims: the seats' first ones and second ones, seat by seat.
constexpr std::uint32_t claim_number(std::uint32_t seat, std::uint32_t which) noexcept {
  return seat * kClaimsPerSeat + which;
}
constexpr std::uint32_t seat_of_claim(std::uint32_t number) noexcept { return number / kClaimsPerSeat; }

/// One ring, or one lane: then only its own seat, head and slots.
struct Ring {
  std::atomic<std::uint64_t>* head = nullptr;  // the next number to be handed out
  Control* control = nullptr;
  Seat* seats = nullptr;
  std::byte* slots = nullptr;
  std::uint64_t slot_count = 0;
  Modulo modulo;  // by slot_count
  std::uint64_t stride_bytes = 0;
  std::uint64_t payload_offset_bytes = 0;
  std::uint64_t payload_bytes = 0;
  std::uint32_t seat_count = 0;      // of writers
  std::uint32_t consumer_count = 0;  // of the segment: their seats stand behind all those of writers
  std::uint32_t first_seat = 0;      // among those of the segment: the lane's number
  std::uint32_t lane_count = 1;      // of the segment
  bool exclusive = false;            // one seat, whose holder stores the head: X1 in lane_writer.hpp
  Clock clock = Clock::none;         // that the slots' times are read from
  std::uint64_t limit = kSeqLimit;   // of the numbers in it: what they are outside is below kSeqLimit

  [[gnu::always_inline]] bool is_timed() const noexcept { return clock != Clock::none; }
  std::uint32_t claim_count() const noexcept { return seat_count * kClaimsPerSeat; }
  /// Requires: number < claim_count().
  ClaimWords claim(std::uint32_t number) const noexcept {
    return seats[seat_of_claim(number)].claim_at(number % kClaimsPerSeat);
  }

  /// What the number of a value in this ring is outside of it.
  [[gnu::always_inline]] std::uint64_t seq_of(std::uint64_t number) const noexcept {
    return number * lane_count + first_seat;
  }
  /// The number of the first value of this ring whose seq is not below that one.
  std::uint64_t number_from(std::uint64_t seq) const noexcept {
    return seq > first_seat ? (seq - first_seat - 1) / lane_count + 1 : 0;
  }

  /// Requires: index < slot_count.
  [[gnu::always_inline]] Slot slot(std::uint64_t index) const noexcept {
    return {slots + index * stride_bytes, static_cast<std::size_t>(payload_offset_bytes)};
  }
  /// The slot of any number.
  Slot slot_of(std::uint64_t number) const noexcept { return slot(modulo(number)); }
};

/// Number -> slot for a caller whose numbers mostly grow: keeps the first seq of the lap that it is in, so that the hot
/// path is a subtraction and a comparison; Modulo's chain of multiplications would stand in the way of the stamp.
class Lap {
 public:
  explicit Lap(const Ring& ring) noexcept : ring_(ring), length_(ring.slot_count) {}

  const Ring& ring() const noexcept { return ring_; }

  /// Is seq in the lap that is kept, and below the ring's limit?
  [[gnu::always_inline]] bool contains(std::uint64_t seq) const noexcept { return seq - first_ < length_; }
  /// The first seq beyond those that it contains.
  std::uint64_t end() const noexcept { return first_ + length_; }
  /// contains(seq), while foresee(true) is in force: until the next move_to.
  [[gnu::always_inline]] bool foresees(std::uint64_t seq) const noexcept { return seq - first_ < foreseen_; }
  [[gnu::always_inline]] void foresee(bool on) noexcept { foreseen_ = on ? length_ : 0; }
  /// Requires: contains(seq), or move_to(seq).
  [[gnu::always_inline]] Slot slot(std::uint64_t seq) const noexcept { return ring_.slot(seq - first_); }
  /// What predecessor(seq, slots) is (stamp.hpp), without a branch. Requires: as slot().
  [[gnu::always_inline]] std::uint64_t predecessor(std::uint64_t seq) const noexcept {
    return (done(seq) - 2 * ring_.slot_count) & used_;
  }
  /// Contains nothing until the next move_to.
  void close() noexcept { length_ = foreseen_ = 0; }
  /// Goes to the lap of seq, which contains nothing from `end` on. Requires: seq < end.
  [[gnu::noinline, gnu::cold]] void move_to(std::uint64_t seq, std::uint64_t end = ~std::uint64_t{0}) noexcept {
    const std::uint64_t next = first_ + ring_.slot_count;
    first_ = seq - next < ring_.slot_count ? next : seq - seq % ring_.slot_count;
    // The last lap ends at the limit, so that a writer that asks contains() never has to ask for the limit, too.
    end = std::min(end, ring_.limit);
    length_ = first_ < end && end - first_ < ring_.slot_count ? end - first_ : ring_.slot_count;
    used_ = first_ == 0 ? 0 : ~std::uint64_t{0};
    foreseen_ = 0;
  }

 private:
  Ring ring_;  // a copy: its numbers are read with every value
  std::uint64_t length_;
  std::uint64_t foreseen_ = 0;  // length_, or 0
  std::uint64_t first_ = 0;
  std::uint64_t used_ = 0;  // all ones, if slots of this lap have been used before
};

}  // namespace arena_shm::core
