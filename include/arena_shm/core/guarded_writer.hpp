// The mutex-guarded writer of an arena handle: one seat for the whole handle, any thread may call it, and the values
// of all guarded writers of all processes are published in the order of their sequence numbers.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "arena_shm/core/mutex.hpp"
#include "arena_shm/core/writer_core.hpp"

namespace arena_shm::core {

/// True while this thread is inside of a guarded alloc: a signal handler that allocates then would wait for the very
/// thread that it has interrupted.
inline thread_local bool inside_guarded_alloc = false;

/// Thread safety: all members may be called from any thread.
class GuardedWriter {
 public:
  explicit GuardedWriter(std::shared_ptr<const Segment> segment) : segment_(std::move(segment)) {}
  GuardedWriter(const GuardedWriter&) = delete;
  GuardedWriter& operator=(const GuardedWriter&) = delete;

  /// WriterCore::alloc under the interprocess mutex. Takes the handle's seat at the first call.
  /// Errors: as SeatHold, WriterCore::alloc and InterprocessMutex::lock.
  template <class Fill>
  std::uint64_t alloc(Fill&& fill) {
    const Inside inside;
    Own& own = held();
    const std::lock_guard<InterprocessMutex> lock(own.mutex);
    ARENA_SHM_STOP_POINT(mutex_locked);
    return own.writer.alloc(std::forward<Fill>(fill));
  }

 private:
  struct Own {
    explicit Own(std::shared_ptr<const Segment> segment);
    WriterCore writer;
    InterprocessMutex mutex;
  };

  class Inside {
   public:
    Inside() {
      if (inside_guarded_alloc) [[unlikely]]
        refuse_reentry();
      inside_guarded_alloc = true;
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() {
      std::atomic_signal_fence(std::memory_order_seq_cst);
      inside_guarded_alloc = false;
    }
  };

  Own& held() {
    Own* own = own_.load(std::memory_order_acquire);  // G1: sees what take_seat() built before G2
    return own != nullptr ? *own : take_seat();
  }
  [[gnu::noinline, gnu::cold]] Own& take_seat();
  [[noreturn]] static void refuse_reentry();

  std::shared_ptr<const Segment> segment_;
  std::mutex taking_;  // guards storage_
  std::unique_ptr<Own> storage_;
  std::atomic<Own*> own_{nullptr};
};

}  // namespace arena_shm::core
