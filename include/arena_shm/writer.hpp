// Writer<T>: the lock-free way into an arena.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "arena_shm/consumer_info.hpp"
#include "arena_shm/core/slot_writer.hpp"
#include "arena_shm/core/writer_core.hpp"
#include "arena_shm/duration.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm {

/// Owns a seat of the arena, from `Arena::writer()` until it is destroyed. Keeps the segment mapped.
///
/// Thread safety: one thread at a time; take one Writer per thread. Using one from inside of itself, as from a signal
/// handler, throws Code::reentered. Does not survive fork: used in the child it is Code::forked, and destroying it
/// there does nothing. Progress: does not wait for anybody, dead, stopped or slow, but when every slot is held by
/// writers that have stopped in the middle of a value; and, in a lossless arena, for consumers that live.
template <class T>
class Writer {
 public:
  /// @private  For Arena::writer().
  Writer(std::shared_ptr<const core::Segment> segment, std::string_view holder)
      : core_(new core::WriterCore(std::move(segment), holder)) {}

  /// Puts a value into the ring, over the oldest one if it is full.
  /// @param value  what is copied into the ring
  /// Returns: its sequence number, and an independent copy of it.
  /// Lossless: waits for room, as long as it takes. Errors: Code::exhausted, corrupt, reentered; would_deadlock, if
  /// this is the only thread of its process, and would wait for a consumer of its own. Ordering: who reads the value
  /// sees what this thread did before. Cost: one locked instruction (exclusive arenas: none), no system call unless a
  /// reader sleeps, no allocation.
  [[gnu::always_inline]] Entry<T> alloc(const T& value) {
    const core::Written written = core_->alloc(copy_of(value));
    return {written.seq, value, written.time, false};
  }

  /// The same, but does not wait.
  /// @param value  what is copied into the ring
  /// Returns: as alloc; nothing where that would wait: in a lossless arena, because it is full, or nearly, where others
  /// write, too; in others, because every slot is held by a stopped writer.
  std::optional<Entry<T>> try_alloc(const T& value) {
    const auto written = core_->alloc_before(core::kDoNotWait, copy_of(value));
    if (!written) return std::nullopt;
    return Entry<T>{written->seq, value, written->time, false};
  }

  /// The same; waits for at most `timeout`.
  /// @param timeout, value  any duration; what is copied into the ring
  /// Returns: as alloc. Errors: also Code::timed_out, which names the consumer that is in the way.
  Entry<T> alloc_for(Duration timeout, const T& value) {
    const auto written = core_->alloc_before(core::deadline_in(timeout), copy_of(value));
    if (!written) core_->refuse_timeout(timeout);
    return {written->seq, value, written->time, false};
  }

  /// Leaves numbers out: the next value gets `seq`, and the numbers from the head up to there are holes from now on,
  /// for every reader. For who keeps to numbers that another ring has given: a copy of it, with its holes. If a lap or
  /// more is left out, latest() finds nothing until the next value.
  /// @param seq  the next value's sequence number; in a laned arena, the first one of the writer's lane from there on
  ///     counts
  /// Returns: how many numbers of this writer's ring, or lane, were left out: 0, if it is the next one anyhow.
  /// Errors: Code::invalid_argument, if it is below the head, or in an arena of shared writers; exhausted; reentered.
  /// Nothing has changed then. Ordering: a writer that dies inside has left out all of them, or none. Cost: three
  /// stores, whatever their count.
  std::uint64_t advance_to(std::uint64_t seq) { return core_->advance_to(seq); }

  /// As alloc of several, but their numbers are handed out behind them: a writer that dies inside leaves no holes, and
  /// the next one in its place goes on with the first value that is not whole. For who can begin again there, as a copy
  /// of another ring. Readers may get a value before the head is beyond it.
  /// @param values  what is copied into the ring
  /// Returns: where they went. Errors: as alloc; Code::invalid_argument, in an arena of shared writers, with times, or
  /// lossless.
  SeqRange alloc_repeatable(std::span<const T> values) {
    return core_->alloc_repeatable(values.size(), core::CopyFrom<T>(values.data()));
  }

  /// Returns: the consumers that leave no room for the next value; none in an arena that overwrites. Cost: a look at
  /// each consumer, and at /proc.
  std::vector<ConsumerInfo> blocked_by() const { return core_->blocked_by(); }

  /// Puts several values into the ring, in order, with one locked instruction for up to a lap of them.
  /// A writer that is stopped in the middle of a batch costs the others the slots of all that is left of it.
  /// Lossless: goes in parts, as there is room.
  /// @param values  what is copied into the ring
  /// Returns: where they went. Their numbers grow, but need not be without gaps.
  [[gnu::always_inline]] SeqRange alloc(std::span<const T> values) {
    return core_->alloc_batch(values.size(), core::CopyFrom<T>(values.data()));
  }

  /// The same, of a value that a callable makes.
  /// @param fill  `fill(T&)` makes the value in a private copy, before anything is claimed: it may throw. A callable
  ///     that takes whatever there is, as [](auto& value), gets the T
  /// Returns: as alloc.
  template <class Fill>
  requires std::invocable<Fill&, T&> Entry<T> alloc_with(Fill&& fill) {
    static_assert(std::is_default_constructible_v<T>,
                  "arena_shm: a T without a default constructor cannot be filled in: use alloc(value)");
    T value{};
    std::invoke(fill, value);
    return alloc(value);
  }

  /// The same, without a copy.
  /// @param fill  `fill(SlotWriter&) noexcept` makes the value in its slot, front to back
  /// Returns: its sequence number.
  template <class Fill>
  // In this order: a callable that takes whatever there is need not compile with a SlotWriter, and is not asked to.
  requires(!std::invocable<Fill&, T&> && std::is_nothrow_invocable_v<Fill&, SlotWriter&>) std::uint64_t
      alloc_with(Fill&& fill) {
    return core_
        ->alloc([&fill](std::uint64_t* payload) noexcept {
          SlotWriter slot(payload, sizeof(T));
          std::invoke(fill, slot);
          slot.finish();
        })
        .seq;
  }

  /// @private  Says what is wrong with all others.
  template <class Fill>
  requires(!std::invocable<Fill&, T&> && !std::is_nothrow_invocable_v<Fill&, SlotWriter&>) void alloc_with(Fill&&) {
    static_assert(
        !std::invocable<Fill&, SlotWriter&>,
        "arena_shm: a callable that writes into the slot itself must be noexcept: its writes cannot be undone");
    static_assert(std::invocable<Fill&, SlotWriter&>,
                  "arena_shm: alloc_with needs a callable of T&, or a noexcept callable of SlotWriter&");
  }

  /// Returns: the time of the newest value, or batch, that it has appended: Entry::time.
  std::uint64_t time() const noexcept { return core_->time(); }
  /// Returns: the seat it owns, as tools show it.
  std::uint32_t seat() const noexcept { return core_->hold().index(); }

 private:
  friend class WaitSet;

  static core::CopyFrom<T> copy_of(const T& value) noexcept { return core::CopyFrom<T>(std::addressof(value)); }

  core::WriterCore::Owner core_;
};

}  // namespace arena_shm
