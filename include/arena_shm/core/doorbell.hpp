// The doorbell: how readers sleep, and how writers wake them without a system call while nobody sleeps.
//
//   word: odd, somebody may be asleep; each ring adds one, which makes it even, and another word than before
//
//   sleeper                                              writer
//   D1  word |= 1, and remembers it       seq_cst        D4  (value published, claim idle)
//   D2  membarrier, fence                 seq_cst        D5  compiler fence, or a full one
//   D3  looks once more, then FUTEX_WAIT(word, what      D6  word even?  relaxed; else add one and wake all, in one
//       it remembers)                                        step of the kernel
//
//   Either D3 sees what D4 stored, or D6 sees what D1 stored: store, fence, load on both sides (Dekker). The sleeper's
//   membarrier runs a full fence on every CPU that a registered process runs on, so that the writer's D5 need only stop
//   the compiler: the rare side pays. A process registers before it takes a seat; one that is refused uses a full
//   fence at D5; a sleeper that is refused sleeps in short slices instead.
//   The word counts because one bit would not do: a sleeper that missed a ring between D3 and FUTEX_WAIT would find it
//   set again by another sleeper, and sleep. Found by the model, tests/model/doorbell.pml.
//   A sleeper that is killed leaves the word odd: one needless wake-up, once. Two writers that ring at once add two:
//   the same. A waker that is killed before it rings costs the sleepers the rest of their slice.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {

/// Registers this process for the sleepers' membarrier. False: refused, and the writers need a full fence.
bool register_for_membarrier() noexcept;

/// A full fence on every processor that runs a process which has registered. False: the kernel does not offer it.
bool fence_all_writers() noexcept;

/// A writer's side. Thread safety: one writer each.
class Ringer {
 public:
  Ringer(Doorbell& doorbell, bool full_fence) noexcept
      : watched_(full_fence ? &kAlwaysOdd : &doorbell.word), doorbell_(&doorbell), full_fence_(full_fence) {}

  /// Call after each publication. Cost: one load of a line that is written only when somebody sleeps.
  [[gnu::always_inline]] void ring() const noexcept {
    if (is_awaited()) [[unlikely]]
      wake();
  }
  /// Does somebody sleep, or may be about to? Then ring().
  [[gnu::always_inline]] bool is_awaited() const noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);          // D5
    return (watched_->load(std::memory_order_relaxed) & 1) != 0;  // D6
  }

 private:
  [[gnu::noinline, gnu::cold]] void wake() const noexcept;

  // Looked at by a writer that needs the full fence, so that the others need not ask whether they do.
  static inline const std::atomic<std::uint32_t> kAlwaysOdd{1};

  const std::atomic<std::uint32_t>* watched_ = &kAlwaysOdd;
  Doorbell* doorbell_ = nullptr;
  bool full_fence_ = false;
};

/// A reader's side. Without a doorbell that may be written it sleeps for a short while and looks again.
class Sleeper {
 public:
  /// `doorbell` may be null.
  explicit Sleeper(Doorbell* doorbell) noexcept : doorbell_(doorbell) {}

  /// Sleeps until the bell rings, `longest` is over, or a slice (100 ms) is; not at all if `ready()` holds after the
  /// word has been set. Returns what `ready()` said.
  template <class Ready>
  bool sleep(std::chrono::nanoseconds longest, Ready&& ready) {
    announce();  // D1, D2
    ARENA_SHM_STOP_POINT(sleeper_announced);
    if (ready()) return true;  // D3
    doze(longest);
    return false;
  }

  /// Forget that the last waits were long: the next poll is a short one.
  void reset() noexcept { poll_ = kShortestPoll; }

 private:
  static constexpr std::chrono::nanoseconds kShortestPoll = std::chrono::microseconds{50};

  void announce() noexcept;
  void doze(std::chrono::nanoseconds longest) noexcept;

  Doorbell* doorbell_;
  std::uint32_t announced_ = 0;  // the word that D1 left
  bool reaches_writers_ = true;  // membarrier works
  std::chrono::nanoseconds poll_ = kShortestPoll;
};

}  // namespace arena_shm::core
