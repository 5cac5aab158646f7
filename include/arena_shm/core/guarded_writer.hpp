// The mutex-guarded writer of an arena handle: any thread may call it, and the values of all guarded writers of all
// processes are published in the order of their sequence numbers.
//
// The first thread that comes has a seat to itself, all others of the handle share a second one, taken when they come:
// so the first thread's claim is its own, and the mutex can be reserved for it (mutex.hpp). Where there is but one
// seat, all threads share it, and nothing is reserved.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "arena_shm/core/mutex.hpp"
#include "arena_shm/core/writer_core.hpp"

namespace arena_shm::core {

/// What a thread is told apart by, and whether it is inside of a locked alloc: a signal handler that allocates then
/// would wait for the very thread that it has interrupted.
struct ThreadMark {
  bool inside_guarded_alloc = false;
};
inline thread_local constinit ThreadMark this_thread_mark;

/// Thread safety: all members may be called from any thread.
class GuardedWriter {
 public:
  explicit GuardedWriter(std::shared_ptr<const Segment> segment);
  GuardedWriter(const GuardedWriter&) = delete;
  GuardedWriter& operator=(const GuardedWriter&) = delete;
  ~GuardedWriter();

  /// WriterCore::alloc under the interprocess mutex. Takes a seat at the first call.
  /// Errors: as SeatHold, WriterCore::alloc and InterprocessMutex::lock.
  template <class Fill>
  std::uint64_t alloc(Fill&& fill) {
    Party* first = first_.load(std::memory_order_acquire);  // G1: sees what join() built before G2
    if (first != nullptr && first->thread == &this_thread_mark && first->mutex.has_reservation()) [[likely]] {
      const std::uint64_t seq = first->writer.alloc_reserved(fill, [first]() noexcept {
        InterprocessMutex::fence_after_claim();
        ARENA_SHM_STOP_POINT(mutex_reserved);
        return first->mutex.has_reservation();
      });
      if (!first->mutex.has_reservation()) [[unlikely]]
        first->mutex.give_reservation_back();
      if (seq != WriterCore::kNone) return seq;
    }
    return alloc_locked(fill);
  }

 private:
  struct Party {
    Party(std::shared_ptr<const Segment> segment, const ThreadMark* thread_mark);
    const ThreadMark* thread;  // the only one that uses it; null: any
    WriterCore writer;
    InterprocessMutex mutex;
    // Guarded by the mutex. When to reserve: after `patience` allocs in a row without anybody else.
    std::uint32_t alone = 0;
    std::uint32_t patience = 64;
  };

  /// One alloc under the lock: guards against re-entry, locks, and unlocks or reserves.
  class Locked {
   public:
    explicit Locked(Party& party);
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    ~Locked();

   private:
    Party& party_;
  };

  template <class Fill>
  [[gnu::noinline]] std::uint64_t alloc_locked(Fill& fill) {
    Party& party = join();
    const Locked locked(party);
    ARENA_SHM_STOP_POINT(mutex_locked);
    return party.writer.alloc(fill);
  }

  /// The calling thread's party; takes its seat if it is the first to need it.
  Party& join();

  std::shared_ptr<const Segment> segment_;
  std::mutex joining_;  // guards the two below while they are made
  std::unique_ptr<Party> first_storage_;
  std::unique_ptr<Party> others_storage_;
  std::atomic<Party*> first_{nullptr};
  std::atomic<Party*> others_{nullptr};
};

}  // namespace arena_shm::core
