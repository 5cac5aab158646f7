#include "arena_shm/core/doorbell.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <thread>

#include "arena_shm/core/futex.hpp"
#include "arena_shm/core/process.hpp"

namespace arena_shm::core {
namespace {

constexpr std::chrono::nanoseconds kSlice = std::chrono::milliseconds{100};
constexpr std::chrono::nanoseconds kSliceWithoutMembarrier = std::chrono::milliseconds{1};
constexpr std::chrono::nanoseconds kLongestPoll = std::chrono::milliseconds{1};

bool membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0U, 0) == 0; }

}  // namespace

bool register_for_membarrier() noexcept { return membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED); }
bool fence_all_writers() noexcept { return membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED); }

void Ringer::wake() const noexcept {
  if (full_fence_) {
    std::atomic_thread_fence(std::memory_order_seq_cst);                     // D5
    if ((doorbell_->word.load(std::memory_order_relaxed) & 1) == 0) return;  // D6
  }
  ARENA_SHM_STOP_POINT(doorbell_seen);
  futex_add_and_wake(doorbell_->word, INT_MAX);  // D6
  ARENA_SHM_STOP_POINT(doorbell_rung);
}

void Sleeper::announce() noexcept {
  if (doorbell_ == nullptr) return;
  announced_ = doorbell_->word.fetch_or(1, std::memory_order_seq_cst) | 1;  // D1
  reaches_writers_ = fence_all_writers();                                   // D2
  std::atomic_thread_fence(std::memory_order_seq_cst);                      // D2
}

void Sleeper::doze(std::chrono::nanoseconds longest) noexcept {
  if (doorbell_ == nullptr) {
    const NoCancel no_cancel;  // who calls this is asked in between
    std::this_thread::sleep_for(std::min(longest, poll_));
    poll_ = std::min(poll_ * 2, kLongestPoll);
    return;
  }
  futex_wait(doorbell_->word, announced_, std::min(longest, reaches_writers_ ? kSlice : kSliceWithoutMembarrier));
}

}  // namespace arena_shm::core
