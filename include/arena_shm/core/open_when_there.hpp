// Waiting for a name.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "arena_shm/duration.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {

/// What `open` returns, once it does not throw Code::not_found any more. Looks at once, then after 1 ms, and less and
/// less often, down to each 20 ms.
/// Errors: those of `open`; Code::not_found after the timeout only.
template <class Open>
auto open_when_there(Duration timeout, Open open) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::nanoseconds kLongestPause = std::chrono::milliseconds(20);
  std::chrono::nanoseconds pause = std::chrono::milliseconds(1);
  const auto begin = Clock::now();
  for (;;) {
    try {
      return open();
    } catch (const Error& error) {
      if (error.code() != Code::not_found) throw;
      const std::chrono::nanoseconds passed = Clock::now() - begin;
      if (passed >= timeout) throw;
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(pause, timeout - passed));
      pause = std::min(2 * pause, kLongestPause);
    }
  }
}

}  // namespace arena_shm::core
