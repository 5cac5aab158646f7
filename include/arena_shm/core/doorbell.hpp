// The doorbell: how readers sleep, and how writers wake them without a system call while nobody sleeps.
//
//   sleeper                                        writer
//   D1  word := 1               seq_cst            D4  (value published, claim idle)
//   D2  membarrier, fence       seq_cst            D5  compiler fence, or a full one
//   D3  look once more, then FUTEX_WAIT(word, 1)   D6  word == 0?  relaxed; else store 0 and wake all, in one step
//
//   Either D3 sees what D4 stored, or D6 sees what D1 stored: store, fence, load on both sides (Dekker). The sleeper's
//   membarrier runs a full fence on every CPU that a registered process runs on, so that the writer's D5 need only stop
//   the compiler: the rare side pays. A process registers before it takes a seat; one that is refused uses a full
//   fence at D5; a sleeper that is refused sleeps in short slices instead.
//   A sleeper that is killed leaves 1 behind: one needless wake-up, once. One that loses a race with D6 finds the word
//   0, and FUTEX_WAIT does not sleep.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/stop_point.hpp"

namespace arena_shm::core {

/// Registers this process for the sleepers' membarrier. False: refused, and the writers need a full fence.
bool register_for_membarrier() noexcept;

/// A writer's side. Thread safety: one writer each.
class Ringer {
 public:
  Ringer() = default;
  Ringer(Doorbell& doorbell, bool full_fence) noexcept : doorbell_(&doorbell), full_fence_(full_fence) {}

  /// Call after each publication. Cost: one load of a line that only sleepers write.
  void ring() const noexcept {
    if (full_fence_) [[unlikely]]
      std::atomic_thread_fence(std::memory_order_seq_cst);  // D5
    else
      std::atomic_signal_fence(std::memory_order_seq_cst);                  // D5
    if (doorbell_->word.load(std::memory_order_relaxed) != 0) [[unlikely]]  // D6
      wake();
  }

 private:
  [[gnu::noinline, gnu::cold]] void wake() const noexcept;

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
  bool reaches_writers_ = true;  // membarrier works
  std::chrono::nanoseconds poll_ = kShortestPoll;
};

}  // namespace arena_shm::core
