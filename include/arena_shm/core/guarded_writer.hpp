// The mutex-guarded writer of an arena handle: any thread may call it, and in a shared arena the values of all guarded
// writers of all processes are published in the order of their sequence numbers. In lanes, each handle has its own: its
// threads take turns by a mutex of that handle, which dies with it.
//
// A handle takes one seat, which all its threads use in turn. When its first thread has been alone for a while, and
// more than half of the arena's seats are free, the handle takes a second one for all other threads, should they come:
// then the first seat's claim is the first thread's own, and the mutex can be reserved for it (mutex.hpp).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "arena_shm/core/forked.hpp"
#include "arena_shm/core/mutex.hpp"
#include "arena_shm/core/retained.hpp"
#include "arena_shm/core/writer_core.hpp"

namespace arena_shm::core {

class LockedAlloc;

/// What a thread is told apart by, and what locked allocs it is inside of: a signal handler that allocates in the same
/// arena would wait for the very thread that it has interrupted.
struct ThreadMark {
  const LockedAlloc* innermost = nullptr;
};
inline thread_local constinit ThreadMark this_thread_mark;

/// A claim in the handle's seat, and its side of the mutex. The handle's first thread has one, all others share one.
struct GuardedParty {
  GuardedParty(const std::shared_ptr<const SeatHold>& hold, std::uint32_t which, const ThreadMark* owner,
               std::atomic<std::uint64_t>& turn);

  const ThreadMark* const thread;  ///< the only one that may use a reservation; null: none may
  WriterCore writer;
  InterprocessMutex mutex;
  // Guarded by the mutex. When to reserve: after `patience` allocs in a row without anybody else.
  std::uint32_t alone = 0;
  std::uint32_t patience;  ///< grows; never, for who may not reserve

  ~GuardedParty();
  GuardedParty(const GuardedParty&) = delete;
  GuardedParty& operator=(const GuardedParty&) = delete;

  /// Is a thread inside of it, or waiting to be?
  bool is_used() const noexcept;
};

/// Thread safety: all members may be called from any thread.
class GuardedWriter {
 public:
  explicit GuardedWriter(std::shared_ptr<const Segment> segment);
  GuardedWriter(const GuardedWriter&) = delete;
  GuardedWriter& operator=(const GuardedWriter&) = delete;

  /// Destroys it, unless a thread is, or may be, inside of it: as WriterCore::retire.
  static void retire(GuardedWriter* guarded) noexcept;
  using Owner = Retained<GuardedWriter>;

  /// WriterCore::alloc under the interprocess mutex. Takes a seat at the first call.
  /// Errors: as SeatHold, WriterCore::alloc and InterprocessMutex::lock; Code::forked.
  template <class Fill>
  [[gnu::always_inline]] Written alloc(Fill fill) {
    GuardedParty* first = first_.load(std::memory_order_acquire);  // G1: sees what join() built before G2
    if (first != nullptr && first->thread == &this_thread_mark && first->mutex.has_reservation()) [[likely]] {
      const Written written = first->writer.alloc_reserved(fill, [first]() noexcept {
        InterprocessMutex::fence_after_claim();
        ARENA_SHM_STOP_POINT(mutex_reserved);
        return first->mutex.has_reservation();
      });
      if (!first->mutex.has_reservation()) [[unlikely]]
        first->mutex.give_reservation_back();
      if (written.seq != WriterCore::kNone) return written;
    }
    return alloc_locked(fill);
  }

  /// The same, but empty where it would wait beyond the deadline: for the mutex, or for room.
  template <class Fill>
  std::optional<Written> alloc_before(Deadline deadline, Fill fill);

 private:
  template <class Fill>
  [[gnu::noinline]] Written alloc_locked(Fill fill);

  /// The calling thread's party; takes its seat if it is the first to need it.
  GuardedParty& join();
  /// What the callers take turns by: the segment's mutex, or the handle's.
  std::atomic<std::uint64_t>& turn() noexcept {
    const Ring& ring = segment_->ring();
    return ring.exclusive ? own_turn_ : ring.control->mutex;
  }
  /// Without the mutex: nobody waits for it behind one who waits for room. After some tries it sleeps: there is room,
  /// and others took it each time, or every slot is held by a stopped writer.
  /// False: not before the deadline.
  [[gnu::noinline, gnu::cold]] bool await_room(const WriterCore& writer, int tries, Deadline deadline = kWaitForEver);
  bool is_used() noexcept;
  friend class LockedAlloc;

  std::shared_ptr<const Segment> segment_;
  std::mutex joining_;  // guards the three below while they change
  std::shared_ptr<const SeatHold> hold_;
  std::atomic<std::uint64_t> own_turn_{0};
  std::unique_ptr<GuardedParty> first_storage_;
  std::unique_ptr<GuardedParty> others_storage_;
  std::atomic<GuardedParty*> first_{nullptr};
  std::atomic<GuardedParty*> others_{nullptr};
  std::atomic<int> waiting_{0};  // for room. Relaxed: looked at in order to leave it alone (retire)
  InForkedChild forked_;
};

/// One alloc under the lock: refuses re-entry, takes a seat if need be, locks, and unlocks or reserves.
class LockedAlloc {
 public:
  explicit LockedAlloc(GuardedWriter& guarded, Deadline deadline = kWaitForEver);
  LockedAlloc(const LockedAlloc&) = delete;
  LockedAlloc& operator=(const LockedAlloc&) = delete;
  ~LockedAlloc();

  /// False: somebody else had it until the deadline.
  bool is_locked() const noexcept { return is_locked_; }
  WriterCore& writer() const noexcept { return party_->writer; }

 private:
  bool is_nested() const noexcept;
  bool interrupts_reserved_alloc() const noexcept;
  void leave() const noexcept;

  GuardedWriter& guarded_;
  GuardedParty* party_ = nullptr;
  const LockedAlloc* outer_;
  bool is_locked_ = true;
};

template <class Fill>
Written GuardedWriter::alloc_locked(Fill fill) {
  for (int tries = 0;; ++tries) {
    const WriterCore* writer = nullptr;
    {
      const LockedAlloc locked(*this);
      ARENA_SHM_STOP_POINT(mutex_locked);
      if (!segment_->is_lossless()) return locked.writer().alloc(fill);
      if (const auto written = locked.writer().alloc_before(kDoNotWait, fill)) return *written;
      writer = &locked.writer();
    }
    await_room(*writer, tries);
  }
}

template <class Fill>
std::optional<Written> GuardedWriter::alloc_before(Deadline deadline, Fill fill) {
  const GuardedParty* first = first_.load(std::memory_order_acquire);  // G1
  // By the reservation it waits for nobody; if that is taken back, it comes here again.
  if (first != nullptr && first->thread == &this_thread_mark && first->mutex.has_reservation()) return alloc(fill);
  for (int tries = 0;; ++tries) {
    const WriterCore* writer = nullptr;
    {
      const LockedAlloc locked(*this, deadline);
      if (!locked.is_locked()) return std::nullopt;
      const bool is_lossless = segment_->is_lossless();
      if (const auto written = locked.writer().alloc_before(is_lossless ? kDoNotWait : deadline, fill)) return *written;
      if (!is_lossless || deadline == kDoNotWait) return std::nullopt;
      writer = &locked.writer();
    }
    if (!await_room(*writer, tries, deadline)) return std::nullopt;
  }
}

}  // namespace arena_shm::core
