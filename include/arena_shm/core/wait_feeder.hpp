// A descriptor that becomes readable when one of several doorbells is rung: a futex cannot be polled, so a thread
// sleeps on the words, and an eventfd tells.
//
// The thread touches a bell's word only under the lock, and while it is armed: whoever unmaps a bell disarms first. In
// between, only the kernel looks at the words, and of what is unmapped it says EFAULT.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/process.hpp"
#include "arena_shm/core/system.hpp"

namespace arena_shm::core {

/// Thread safety: one thread at a time, besides its own.
class WaitFeeder {
 public:
  /// Starts the thread. Errors: Code::system.
  WaitFeeder();
  WaitFeeder(const WaitFeeder&) = delete;
  WaitFeeder& operator=(const WaitFeeder&) = delete;
  /// Ends the thread. Requires: not a forked child.
  ~WaitFeeder();

  int fd() const noexcept { return event_.get(); }
  /// False in a forked child, where there is no thread.
  bool is_own() const noexcept { return owner_ == ProcessMark::current(); }

  /// From now on: when one of the words is not what it was expected to be, or after `longest`, the descriptor becomes
  /// readable, once.
  void arm(std::span<const FutexWord> words, std::chrono::nanoseconds longest) noexcept;
  /// Takes that back; the descriptor is not readable afterwards.
  void disarm() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  void run() noexcept;
  void tell_thread() noexcept;
  bool is_rung() const noexcept;

  ProcessMark owner_ = ProcessMark::current();
  Descriptor event_;
  std::atomic<std::uint32_t> orders_{0};  // counts them; a futex word, the last one that the thread sleeps on
  std::mutex lock_;                       // of what follows
  bool armed_ = false;
  bool ends_ = false;
  std::vector<FutexWord> words_;
  Clock::time_point deadline_{};
  std::thread thread_;  // the last one: it uses all others
};

}  // namespace arena_shm::core
