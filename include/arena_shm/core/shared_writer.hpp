// Writing a shared ring: the ways in which the steps of its protocol (writer_steps.hpp) are gone. A value alone, of a
// writer that is alone or among others; under a reservation of the mutex; and batches.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "arena_shm/core/prefetch.hpp"
#include "arena_shm/core/writer_steps.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time.
class SharedWriter : public WriterSteps {
 public:
  /// Has the seat's claim `which`: as WriterSteps.
  SharedWriter(std::shared_ptr<const SeatHold> hold, std::uint32_t which) : WriterSteps(std::move(hold), which) {}

  /// Publishes one value, `fill(payload words)` storing it, which is to be cheap to copy. Where every slot is
  /// quarantined, or, in a lossless arena, in use, it waits until the deadline.
  /// Returns its seq, or kNothing. Errors: Code::exhausted, corrupt, reentered, forked, would_deadlock; nothing has
  /// been published then.
  ///
  /// The hot path calls nothing and spills nothing: with a locked instruction in every alloc, each store that has to
  /// drain before it is paid for. So it is inlined by force, and `fill`, which holds references only, goes by value.
  template <class Fill>
  [[gnu::always_inline]] Written alloc(Fill fill, Deadline deadline) {
    if (starved_) [[unlikely]] {
      if (!await_free_slot(deadline)) return kNothing;
    }
    const std::uint64_t next = own_next();
    std::uint64_t seq;
    if (!write_foreseen(fill, next, seq, []() noexcept { return true; })) [[unlikely]]
      return write_among_others(seq, next, fill, deadline);
    ringer_.ring();  // W5
    return {seq, 0};
  }

  /// How far alloc_alone has come.
  enum class Progress : std::uint8_t { nothing, numbered, published };

  /// The way of a writer that is alone, and no step further: calls nothing, whatever it finds, so that a function that
  /// ends in it needs no stack. What is left to do is up to the caller. After Progress::nothing: alloc(). After
  /// `numbered`: alloc_from(seq). After `published`: ring(), if is_awaited().
  template <class Fill>
  [[gnu::always_inline]] Progress alloc_alone(Fill fill, std::uint64_t& seq) noexcept {
    if (starved_) [[unlikely]]  // asked first: also in a forked child, where the claim is not mapped
      return Progress::nothing;
    const std::uint64_t claim = claim_.word.load(std::memory_order_relaxed);  // as own_next()
    if (claim_kind(claim) != ClaimKind::idle) [[unlikely]]
      return Progress::nothing;
    return write_foreseen(fill, claim_seq(claim), seq, []() noexcept { return true; }) ? Progress::published
                                                                                       : Progress::numbered;
  }
  template <class Fill>
  Written alloc_from(std::uint64_t seq, Fill fill, Deadline deadline) {
    // Relaxed: own store.
    return write_among_others(seq, claim_seq(claim_.word.load(std::memory_order_relaxed)), fill, deadline);
  }
  [[gnu::always_inline]] bool is_awaited() const noexcept { return ringer_.is_awaited(); }
  void ring() const noexcept { ringer_.ring(); }  // W5

  /// The same, which looks for room before it claims anything. Only if others take that room in between, the number
  /// that it got becomes a hole.
  template <class Fill>
  Written alloc_if_room(Fill fill, Deadline deadline) {
    if (gate_.is_lossless()) {
      if (starved_ && !await_free_slot(deadline)) return kNothing;
      if (!await_room_for_one(deadline)) return kNothing;
    }
    return alloc(fill, deadline);
  }

  /// The same under a reservation of the mutex (mutex.hpp): `still_mine()` is asked after the claim. Returns kNothing,
  /// and has published nothing, if it is not, or if the slot is quarantined: then the claim is idle, and the mutex is
  /// to be locked.
  template <class Fill, class StillMine>
  [[gnu::always_inline]] Written alloc_reserved(Fill fill, StillMine still_mine) {
    const std::uint64_t next = own_next();
    std::uint64_t seq;
    if (!write_foreseen(fill, next, seq, still_mine)) [[unlikely]]
      return write_reserved(seq, next, fill, still_mine);
    ringer_.ring();  // W5
    return {seq, 0};
  }

  /// Publishes `count` values in order, `fill(i, payload words)` storing the i-th, with one fetch_add per at most a
  /// lap of values. Errors: as alloc; the values before have then been published.
  template <class Fill>
  [[gnu::always_inline]] SeqRange alloc_batch(std::size_t count, Fill fill) {
    SeqRange range;
    if (count > 0) [[likely]]
      range = write_range(count, fill, 0);
    if (range.count < count) [[unlikely]]
      return write_rest(count, fill, range);
    return range;
  }

 private:
  /// The way of a writer that is alone, and so gets the seq `next`. What that takes is computed before the locked
  /// instruction, and the stamp is asked for as soon as that one is over. A writer that is not alone must not foresee
  /// anything: it would fetch, on the guess, the very line that another one is writing.
  /// Returns: has it published? Then W5 is left; if not, it holds `seq` under claiming(next) or writing(next).
  template <class Fill, class Permitted>
  [[gnu::always_inline]] bool write_foreseen(Fill fill, std::uint64_t next, std::uint64_t& seq, Permitted permitted) {
    announce(next);
    if (!lap_.foresees(next)) [[unlikely]] {
      seq = take_number();
      return false;
    }
    Claimed foreseen{next, lap_.slot(next), lap_.predecessor(next)};
    foreseen.compute();
    seq = take_number();
    if (seq == next) [[likely]] {
      claim_.word.store(writing(next), std::memory_order_release);  // W2'
      ARENA_SHM_STOP_POINT(alloc_foreseen);
      if (permitted() && foreseen.is_next_in_slot()) [[likely]] {  // W3
        foreseen.slot.publish(next, fill);                         // there are no times: else nothing is foreseen
        become_idle(next);
        prefetch_ahead(foreseen.slot.begin());
        return true;
      }
    }
    return false;
  }

  /// From W2' on. Requires: seq is held, under claiming(next) or writing(seq).
  template <class Fill>
  [[gnu::noinline]] Written write_among_others(std::uint64_t seq, std::uint64_t next, Fill fill, Deadline deadline) {
    for (;;) {
      if (!admit(seq, next, deadline)) return kNothing;
      const Claimed claimed = look_up(seq, next);
      if (claimed.is_next_in_slot() || take_or_skip(seq)) return publish(claimed, fill);  // W3
      next = seq + 1;
      if (!after_skip(next, deadline)) return kNothing;
      announce(next);
      seq = take_number();
    }
  }

  /// The same, as alloc_reserved. Requires: not a lossless arena, where nobody reserves.
  template <class Fill, class StillMine>
  [[gnu::noinline]] Written write_reserved(std::uint64_t seq, std::uint64_t next, Fill fill, StillMine still_mine) {
    for (;;) {
      admit(seq, next, kWaitForEver);
      const Claimed claimed = look_up(seq, next);
      if (!still_mine()) break;                                                           // V3
      if (claimed.is_next_in_slot() || take_or_skip(seq)) return publish(claimed, fill);  // W3
      if (skips_ >= ring_.seat_count) break;
      count_skip();
      next = seq + 1;
      announce(next);
      seq = take_number();
    }
    give_up(seq);
    return kNothing;
  }

  /// Appends to `range` the values of a batch for which there was no room in it.
  template <class Fill>
  [[gnu::noinline]] SeqRange write_rest(std::size_t count, Fill fill, SeqRange range) {
    while (range.count < count) range.add(write_range(count - range.count, fill, range.count));
    return range;
  }

  /// Claims one range of at most a lap, and puts values into it, from the i-th on. As in write(): each store that is
  /// not the protocol's has to drain before the next locked instruction. Requires: count > 0.
  template <class Fill>
  [[gnu::always_inline]] SeqRange write_range(std::size_t count, Fill fill, std::size_t i) {
    if (starved_) [[unlikely]]
      await_free_slot(kWaitForEver);
    const std::uint64_t next = own_next();
    claim_.word.store(claiming(next), std::memory_order_release);  // W1
    std::atomic_signal_fence(std::memory_order_seq_cst);           // as announce()
    ARENA_SHM_STOP_POINT(batch_claiming);
    std::uint64_t length = std::min<std::uint64_t>(count, ring_.slot_count);
    if (gate_.is_lossless()) [[unlikely]]
      length = std::max<std::uint64_t>(gate_.room_for(length), 1);  // who waits has one number: others come in between
    const std::uint64_t first = ring_.head->fetch_add(length, std::memory_order_acq_rel);  // W2
    ARENA_SHM_STOP_POINT(batch_claimed);
    const std::uint64_t end = first + length;
    // Checked before hi grows: hi never shrinks, and a wild one would cover what this seat never held.
    if (!lap_.contains(end - 1)) [[unlikely]] {
      check_number(end - 1, next);
      if (end <= gate_.end())
        lap_.move_to(end - 1, gate_.end());
      else
        lap_.close();  // finish_range waits for room
    }
    claim_.hi.store(end, std::memory_order_release);  // before `writing`, so that who sees that sees this
    take_time();                                      // once for all of it
    SeqRange range{.first = first, .last = end - 1, .count = length};
    const bool is_usual = lap_.contains(first) && !ring_.is_timed();
    const std::uint64_t stop = is_usual ? write_run<false>(first, end, fill, i) : first;
    if (stop < end) [[unlikely]]
      range = finish_range(first, stop, end, fill, i);
    count_values(range.count);
    claim_.word.store(idle(end), std::memory_order_release);  // W4
    ARENA_SHM_STOP_POINT(batch_idle);
    ringer_.ring();  // W5
    if (skips_ > ring_.seat_count) [[unlikely]]
      starved_ = true;
    return range;
  }

  /// Puts values, from the i-th on, into the slots of [seq, end) up to the first one that somebody older may be in.
  /// Returns: that one, which is claimed then; or end. Requires: the range is held, and in the lap that is kept.
  /// What it needs is copied into registers: each store that is not the protocol's costs a batch a tenth.
  template <bool may_be_timed, class Fill>
  [[gnu::always_inline]] std::uint64_t write_run(std::uint64_t seq, std::uint64_t end, Fill fill, std::size_t i) {
    std::atomic<std::uint64_t>& claim = claim_.word;
    Claimed at{seq, lap_.slot(seq), lap_.predecessor(seq)};
    const std::uint64_t stride = ring_.stride_bytes;
    const std::uint64_t step = lap_.predecessor(seq + 1) - at.predecessor;
    const bool timed = may_be_timed && ring_.is_timed();
    const std::uint64_t time = time_;
    for (; seq < end; ++seq, ++i) {
      claim.store(writing(seq), std::memory_order_release);  // W2', and W4 for the seq before
      ARENA_SHM_STOP_POINT(batch_writing);
      at.slot.compute();
      if (!at.is_next_in_slot()) [[unlikely]]  // W3
        break;
      at.slot.publish_timed(seq, timed, time,
                            [&](std::uint64_t* payload) noexcept { fill_ith(fill, i, payload, seq); });
      at.slot.step(stride);
      at.predecessor += step;
    }
    return seq;
  }

  /// A range [first, end) from `seq` on, when it is in two laps, or some slot is not free at once. Errors:
  /// Code::corrupt; the values before have then been published, and counted.
  template <class Fill>
  [[gnu::noinline]] SeqRange finish_range(std::uint64_t first, std::uint64_t seq, std::uint64_t end, Fill fill,
                                          std::size_t i) {
    SeqRange range;
    range.add(first, seq - first);
    while (seq < end) {
      if (!lap_.contains(seq)) enter_lap_in_batch(seq, end, range.count);
      const std::uint64_t run_end = std::min(end, lap_.end());
      const std::uint64_t stop = write_run<true>(seq, run_end, fill, i + range.count);
      range.add(seq, stop - seq);
      seq = stop;
      if (seq == run_end) continue;
      if (take_or_skip_in_batch(seq, range.count)) {
        lap_.slot(seq).publish_timed(seq, ring_.is_timed(), time_, [&](std::uint64_t* payload) noexcept {
          fill_ith(fill, i + range.count, payload, seq);
        });
        range.add(seq, 1);
      } else {
        count_skip();
      }
      ++seq;
    }
    return range;
  }
};

}  // namespace arena_shm::core
