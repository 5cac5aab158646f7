// Waiting for several readers and writers at once, type-erased.
//
// One sleeps by D1 to D3 (doorbell.hpp). Several do it together: D1 for each bell; one membarrier for all, D2; a look
// at each of them, D3; then one futex_waitv(2) on all the words, which returns when any of them is rung, or is not what
// D1 left. Without that call (before Linux 5.16, or refused), with one that has no bell, or with more bells than the
// kernel takes (128), it sleeps for a millisecond at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/core/wait_feeder.hpp"
#include "arena_shm/core/waitable.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time, which is also that of those in it.
class WaitSetCore {
 public:
  WaitSetCore();
  WaitSetCore(const WaitSetCore&) = delete;
  WaitSetCore& operator=(const WaitSetCore&) = delete;
  ~WaitSetCore();

  /// Destroys a set, unless a thread waits in it; and not in exit(), nor in a forked child, which has not its thread.
  static void retire(WaitSetCore* set) noexcept;
  using Owner = Retained<WaitSetCore>;

  /// Errors: Code::invalid_argument, if it is in a set already.
  void add(Waitable& one);
  /// If it is in this set.
  void remove(Waitable& one) noexcept;

  /// Waits until one of them is ready, for at most `timeout`; looks once if that is not above zero.
  /// Returns: whether one is. Errors: as Waitable::prospect; Code::forked.
  bool wait_for(std::chrono::nanoseconds timeout);
  /// Which of them were ready when wait_for returned, by the order in which they were added; in growing order.
  std::span<const std::size_t> ready() const noexcept { return ready_; }
  bool is_ready(const Waitable& one) const noexcept;

  /// A descriptor for poll(2): readable when there may be something; not, if wait_for has returned false since.
  /// Errors: Code::system, forked.
  int fd();

 private:
  using Clock = std::chrono::steady_clock;

  /// What a look at all of them found.
  enum class Found : std::uint8_t { ready, nothing, tired };

  void require_own_process() const;
  void others_came() noexcept;
  Found look(Clock::time_point deadline);
  bool spin(Clock::time_point deadline) const noexcept;
  bool announce();
  std::chrono::nanoseconds slice() const noexcept;
  void sleep();
  void report_gaps();

  std::vector<Waitable*> watched_;
  std::vector<std::size_t> ready_;
  std::vector<FutexWord> words_;        // what D1 left in the bells,
  std::vector<std::size_t> ringers_;    // and whose they are
  std::optional<std::size_t> woke_;     // whose bell ended the newest sleep
  bool reaches_writers_ = true;         // membarrier works
  std::chrono::nanoseconds longest_{};  // to sleep, before one is out of patience, or the time is over
  std::unique_ptr<WaitFeeder> feeder_;  // once fd() has been asked for
  std::atomic<bool> inside_{false};     // waiting. Relaxed: looked at in order to leave it alone
};

}  // namespace arena_shm::core
